import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTINGS, type Settings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { generateSecret } from '../../../src/encryption/secrets.js';
import type { VerificationReport } from '../../../src/verification/verification.types.js';
import { followVersions } from '../../../src/verification/follow-versions.js';
import { followedVersions } from '../../../src/verification/verification.queries.js';
import { VerificationService } from '../../../src/verification/verification.service.js';
import { bar, csvOf, day } from '../../factories/bars.js';
import { cite, openConversation, quote, type CitingMessage } from '../../factories/citations.js';
import { importCsv, trackStock } from '../../factories/stocks.js';
import { buildOnce, databaseVariables, stockroom, type CommandResult } from '../../support/command-line.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

/** As many as the store below has. */
const REVISIONS = 4;
const CELLS = 3;
/** The end of a version that has none. */
const OPEN = '9223372036854775807';

let t: TestApp;
let messageId: string;

beforeAll(async () => {
  buildOnce();
  t = await startTestApp();
  const symbol = await trackStock(t.api);
  await importCsv(t.api, symbol, csvOf([bar(day(0), '10.5'), bar(day(1), '11'), bar(day(2), '12')]));
  const citations = [{ type: 'url', url: 'https://example.com' }, quote(symbol, 0), quote(symbol, 1)];
  const answer = await cite(t.api, await openConversation(t.api), citations);
  messageId = (answer.json as CitingMessage).id;
  for (const close of [20, 21]) await t.api.put(`/v1/stocks/${symbol}/data/${day(1)}`, { json: { close } });
  await t.api.delete(`/v1/stocks/${symbol}/data/${day(2)}`);
  const secrets = [
    { kind: 'api-key', apiKey: 'a secret' },
    { kind: 'oauth', accessToken: 'another', refreshToken: 'a third' },
  ];
  for (const [place, json] of secrets.entries())
    expect((await t.api.put(`/v1/users/me/credentials/service-${place}`, { json })).status).toBe(201);
}, 120_000);
afterAll(() => t.close());

async function verified(
  options: Parameters<VerificationService['verify']>[0] = { sample: 20, expected: [] },
): Promise<VerificationReport> {
  return t.app.get(VerificationService).verify(options);
}

/** Changes rows behind the back of all guards. */
async function tamper(sql: string): Promise<void> {
  await withConnection(t.db.superuser, async (client) => {
    await client.query('set session_replication_role = replica');
    expect((await client.query(sql)).rowCount).toBeGreaterThan(0);
  });
}

describe('a store that is whole', () => {
  it('has every secret read, every citation followed and every revision looked at', async () => {
    const { cells, citations, revisions } = await verified();
    expect(cells).toEqual({ read: CELLS, unreadable: 0, unreadableCells: [] });
    expect(citations).toEqual({ messages: 1, citations: 2, faults: 0, faultyCitations: [] });
    expect(revisions).toMatchObject({ head: REVISIONS, faults: [], beyond: 0 });
    expect(revisions.checksums.map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    expect(new Set(revisions.checksums.map(({ checksum }) => checksum)).size).toBe(REVISIONS);
  });

  it('has the same checksums after more revisions, and says which of another store are newer', async () => {
    const before = (await verified()).revisions.checksums;
    const symbol = await trackStock(t.api);
    await importCsv(t.api, symbol, csvOf([bar(day(0), '1')]));
    const after = await verified({ sample: 0, expected: before });
    expect(after.revisions).toEqual({ head: REVISIONS + 1, checksums: before, faults: [], beyond: 0 });
    const newer = { revision: REVISIONS + 2, checksum: '00' };
    expect((await verified({ sample: 0, expected: [newer] })).revisions).toMatchObject({
      ...{ checksums: [], faults: [], beyond: 1 },
    });
  });
});

describe('damage to bars', () => {
  it.each([
    ['a price that was changed', `set "close" = "close" + 1`, `set "close" = "close" - 1`],
    ['a price that came from nowhere', `set high = 99`, `set high = null`],
    ['a version that was opened again', `set valid_to = 77`, `set valid_to = 2`],
  ])('is told by the checksums: %s', async (_, damage, repair) => {
    const before = (await verified()).revisions.checksums;
    const where = `where valid_from = 1 and ts = '${day(1)}Z'`;
    await tamper(`update stock_data ${damage} ${where}`);
    const { faults } = (await verified({ sample: 0, expected: before })).revisions;
    await tamper(`update stock_data ${repair} ${where}`);
    expect(faults).toContainEqual({
      revision: damage.includes('valid_to') ? 2 : 1,
      fault: 'is not what it was',
    });
    expect((await verified({ sample: 0, expected: before })).revisions.faults).toEqual([]);
  });

  it('is told without earlier checksums where versions or revisions are gone', async () => {
    await tamper(`create table kept as select * from stock_data where valid_from = 2`);
    await tamper('delete from stock_data where valid_from = 2');
    const { revisions, citations } = await verified();
    expect(revisions.faults).toEqual([
      { revision: 2, fault: 'says that it changed 1 bars, and brought 0 versions' },
    ]);
    expect(citations.faults).toBe(0);
    await tamper('insert into stock_data select * from kept');
    await tamper('update revisions set id = 1002 where id = 2');
    expect((await verified({ sample: 0, expected: [] })).revisions.faults).toEqual([
      { revision: 2, fault: 'is missing, and others are newer' },
    ]);
    await tamper('update revisions set id = 2 where id = 1002');
    expect((await verified()).revisions.faults).toEqual([]);
  });
});

describe('the versions of a bar', () => {
  const second = `ts = '${day(1)}Z' and series_id = 1`;
  const fault = (revision: number, text: string): object => ({
    ...{ symbol: 'T1', interval: '1d', branch: 'main', revision, fault: text },
  });
  it.each([
    [
      'one that was closed although nothing follows',
      `update stock_data set valid_to = 3 where ts = '${day(0)}Z' and series_id = 1`,
      `update stock_data set valid_to = ${OPEN} where ts = '${day(0)}Z' and series_id = 1`,
      { ...fault(1, 'was ended by revision 3, which brought no other'), time: `${day(0)}T00:00:00Z` },
    ],
    [
      'one that is still there when the next one comes',
      `update stock_data set valid_to = 77 where valid_from = 2 and ${second}`,
      `update stock_data set valid_to = 3 where valid_from = 2 and ${second}`,
      { ...fault(2, 'was ended by revision 77, and the next one came with revision 3') },
    ],
    [
      'one that is gone before the next one comes',
      `update stock_data set valid_from = 4 where valid_from = 3 and ${second}`,
      `update stock_data set valid_from = 3 where valid_from = 4 and ${second}`,
      { ...fault(2, 'was ended by revision 3, and the next one came with revision 4') },
    ],
  ])('are one behind the other: told is %s', async (_, damage, repair, told) => {
    const before = (await verified()).versions;
    expect(before).toMatchObject({ faults: 0, faultyVersions: [] });
    await tamper(damage);
    const { versions } = await verified();
    const pages = await withConnection(t.db.superuser, async (client) => {
      const reports = [];
      for (const size of [1, 2, 3]) reports.push(await followVersions(client, size));
      return reports;
    });
    await tamper(repair);
    expect(versions).toMatchObject({ versions: before.versions, faults: 1, faultyVersions: [told] });
    // However few are looked at in one go, and however many there are of one bar.
    expect(pages).toEqual([versions, versions, versions]);
    expect((await verified()).versions).toEqual(before);
  });

  it('are counted, all of them', async () => {
    const { rows } = await withConnection(t.db.superuser, (client) =>
      client.query<{ count: string }>('select count(*) from stock_data'),
    );
    expect((await verified()).versions.versions).toBe(Number(rows[0]?.count));
  });

  it('are looked for in the order of their key, which needs neither a sort nor a look at all of them', async () => {
    const { text, values } = followedVersions({ seriesId: 1, branchId: 1, ts: `${day(0)}Z` }, 10);
    const plan = await withConnection(t.db.superuser, async (client) => {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${text}`, [...values]);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toMatch(/Index Scan using stock_data_pkey/);
    expect(plan).not.toMatch(/Seq Scan on stock_data/);
  });
});

describe('a citation', () => {
  const pin = (): string => `message_id = '${messageId}' and ordinal = 1`;
  it.each([
    [
      'is pinned to a version that is not there',
      () => `update message_citations set revision = 2 where ${pin()}`,
      () => `update message_citations set revision = 1 where ${pin()}`,
    ],
    [
      'quotes other values than its version has',
      () =>
        `update messages set citations = jsonb_set(citations, '{1,quoted,close}', '10.51') where id = '${messageId}'`,
      () =>
        `update messages set citations = jsonb_set(citations, '{1,quoted,close}', '10.5') where id = '${messageId}'`,
    ],
    [
      'is pinned to no version',
      () => `update message_citations set ordinal = 9 where ${pin()}`,
      () => `update message_citations set ordinal = 1 where message_id = '${messageId}' and ordinal = 9`,
    ],
  ])('that %s is named', async (fault, damage, repair) => {
    await tamper(damage());
    const { citations } = await verified();
    await tamper(repair());
    expect(citations.faultyCitations).toContainEqual({ messageId, ordinal: 1, fault });
    expect((await verified()).citations).toMatchObject({ citations: 2, faults: 0 });
  });
});

describe('stockroom db verify', () => {
  const verify = (keys: string, ...args: readonly string[]): Promise<CommandResult> =>
    stockroom(['db', 'verify', ...args], { env: { ...databaseVariables(t.db), ENCRYPTION_KEYS: keys } });
  const keys = (): string => t.app.get<Settings>(SETTINGS).encryption.keys ?? '';

  it('ends with 0 for a whole store, also beside what an earlier run printed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stockroom-verify-'));
    const earlier = await verify(keys(), '--json');
    expect([earlier.status, earlier.stderr]).toEqual([0, '']);
    const path = join(folder, 'before.json');
    await writeFile(path, earlier.stdout);
    const again = await verify(keys(), '--against', path);
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('The store is whole.\n')]);
    await writeFile(path, earlier.stdout.replaceAll(/"checksum":"../g, '"checksum":"zz'));
    expect(await verify(keys(), '--against', path)).toMatchObject({
      ...{ status: 1, stdout: expect.stringContaining('revision 1 is not what it was') },
    });
    await writeFile(path, '{"revisions":{"checksums":[{}]}}');
    expect(await verify(keys(), '--against', path)).toMatchObject({
      ...{ status: 1, stdout: '', stderr: expect.stringContaining('is not what') },
    });
    await rm(folder, { recursive: true });
  }, 120_000);

  it('ends with 1 for a version that nothing follows, and names it', async () => {
    const which = `where ts = '${day(0)}Z' and series_id = 1`;
    await tamper(`update stock_data set valid_to = 3 ${which}`);
    const told = await verify(keys());
    await tamper(`update stock_data set valid_to = ${OPEN} ${which}`);
    expect(told).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(
        `  T1 1d ${day(0)}T00:00:00Z on main as of revision 1 was ended by revision 3, which brought no other\n`,
      ),
    });
  }, 120_000);

  it('ends with 1 without the key of a stored secret, and names each', async () => {
    const other = await verify(`test-2:${generateSecret(32)}`, '--json');
    expect(other.status).toBe(1);
    expect(JSON.parse(other.stdout)).toMatchObject({
      ...{ sound: false, cells: { read: 0, unreadable: CELLS } },
    });
    expect((await verify(`test-2:${generateSecret(32)}`)).stdout).toMatch(
      /3 were not\.\n(?: {2}external_credentials\.\w+ of row [0-9a-f-]{36}\n){3}/,
    );
  }, 120_000);
});
