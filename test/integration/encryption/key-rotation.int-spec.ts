import { describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { RetirementRefused, RotationRefused } from '../../../src/keys/keys.errors.js';
import { failure, PLAIN, useKeyDrill } from './key-drill.js';
import { asOwner, newKey } from './keys-support.js';

const drill = useKeyDrill();

describe('rotation', () => {
  it('brings every value under the primary key, and says what is where', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await drill().service({ keys: k1 });
    await drill().storeCells(old, 1_203);
    await drill().stop(old);
    const keys = await drill().command({ keys: `${k2},${k1}` });
    const before = await keys.status();
    expect(before.cells).toEqual(
      ['access_token', 'refresh_token'].map((column) => ({
        ...{ table: 'external_credentials', column, keyId: 'k1', count: 1_203 },
      })),
    );
    const steps: [number, number][] = [];
    const report = await keys.rotate({ ...PLAIN, onProgress: (done, total) => steps.push([done, total]) });
    expect(report).toEqual({ primary: 'k2', rotated: 2_406, unreadable: 0, left: 0, unreadableCells: [] });
    expect(steps.at(-1)).toEqual([2_406, 2_406]);
    expect(steps.length).toBeGreaterThan(2);
    const after = await keys.status();
    expect(after.cells.map(({ keyId, count }) => [keyId, count])).toEqual([
      ['k2', 1_203],
      ['k2', 1_203],
    ]);
    expect(after.keys.map(({ id, cells, encryptedValues }) => [id, cells, encryptedValues])).toEqual([
      ['k1', 0, 2_406],
      ['k2', 2_406, 2_406],
    ]);
    expect(await keys.rotate(PLAIN)).toMatchObject({ rotated: 0 });
    const now = await drill().service({ keys: `${k2},${k1}` });
    expect(await drill().readable(now)).toBe(2_406);
    const events = await asOwner(
      drill().db,
      'select action, outcome, target_id, details from audit_events order by id',
    );
    expect(events[0]).toEqual({
      ...{ action: 'keys.rotated', outcome: 'success', target_id: 'k2' },
      details: { rotated: 2_406, unreadable: 0, left: 0 },
    });
  });

  it('is refused while a process cannot read the new key, or writes with another, by its name', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const blind = await drill().service({ keys: k1 });
    const rotating = await drill().command({ keys: `${k2},${k1}` });
    const refused = await failure(rotating.rotate(PLAIN));
    expect(refused).toBeInstanceOf(RotationRefused);
    expect(refused.message).toMatch(new RegExp(`process ${process.pid} on .* cannot read the key "k2"`));
    await drill().stop(blind);
    const behind = await drill().service({ keys: `${k1},${k2}` });
    expect((await failure(rotating.rotate(PLAIN))).message).toMatch(
      /still writes with another key than "k2"/,
    );
    await drill().stop(behind);
    await drill().service({ keys: `${k2},${k1}` });
    await rotating.rotate(PLAIN);
  });

  it('leaves what no key opens, names it, and rotates the rest', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await drill().service({ keys: k1 });
    await drill().storeCells(old, 20);
    await drill().stop(old);
    await asOwner(
      drill().db,
      `update external_credentials set access_token = overlay(access_token placing 'AAAA' from 30)
       where id = (select min(id::text)::uuid from external_credentials)`,
    );
    await asOwner(
      drill().db,
      `update external_credentials set refresh_token = 'plain text'
       where id = (select max(id::text)::uuid from external_credentials)`,
    );
    const keys = await drill().command({ keys: `${k2},${k1}` });
    const report = await keys.rotate(PLAIN);
    expect(report).toMatchObject({ rotated: 38, unreadable: 2 });
    expect(report.unreadableCells.map(({ column }) => column).toSorted()).toEqual([
      'access_token',
      'refresh_token',
    ]);
    expect((await keys.status()).cells.map(({ keyId, count }) => [keyId, count])).toEqual(
      expect.arrayContaining([
        ['k1', 1],
        [null, 1],
      ]),
    );
    expect((await failure(keys.retire('k1'))).message).toMatch(/^1 values are left under "k1"/);
  });

  it('says what is left when somebody puts old values back again and again', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await drill().service({ keys: k1 });
    await drill().storeCells(old, 3);
    await drill().stop(old);
    await asOwner(
      drill().db,
      `create function put_back() returns trigger language plpgsql as
       'begin new.access_token := old.access_token; return new; end'`,
    );
    await asOwner(
      drill().db,
      `create trigger put_back before update on external_credentials for each row execute function put_back()`,
    );
    const report = await (await drill().command({ keys: `${k2},${k1}` })).rotate(PLAIN);
    expect(report).toMatchObject({ left: 3, unreadable: 0 });
  });

  it('happens once at a time', async () => {
    const keys = await drill().command({ keys: newKey('k1') });
    await withConnection(drill().db.owner, async (client) => {
      await client.query('select pg_advisory_lock(7163001044)');
      expect((await failure(keys.rotate(PLAIN))).message).toMatch(/Another rotation/);
    });
    await keys.rotate(PLAIN);
  });
});

describe('retirement', () => {
  it('is refused for the primary, for an unknown key, while values are left, and while somebody writes with it', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await drill().service({ keys: `${k1},${k2}` });
    await drill().storeCells(old, 4);
    const keys = await drill().command({ keys: `${k2},${k1}` });
    expect((await failure(keys.retire('k1'))).message).toMatch(/still writes with "k1"/);
    await drill().stop(old);
    const refused = await failure(keys.retire('k1'));
    expect(refused).toBeInstanceOf(RetirementRefused);
    expect((refused as RetirementRefused).left).toEqual([
      { table: 'external_credentials', column: 'access_token', keyId: 'k1', count: 4 },
      { table: 'external_credentials', column: 'refresh_token', keyId: 'k1', count: 4 },
    ]);
    expect((await failure(keys.retire('k2'))).message).toMatch(/knows no key|is the primary/);
    expect((await failure(keys.retire('k7'))).message).toMatch(/knows no key "k7"/);
    await keys.rotate(PLAIN);
    expect(await keys.retire('k1')).toEqual({ withdrawn: false });
  });
});
