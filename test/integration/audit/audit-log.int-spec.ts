import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../../../src/audit/audit.service.js';
import { AUDIT_ACTIONS, type AuditEntry } from '../../../src/audit/audit.types.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { NOBODY, UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { sqlStarter } from '../database/sql-support.js';

const REFUSED = '42501';
const ORIGIN = { address: '192.0.2.1', userAgent: 'curl/8', requestId: 'r-1' };

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = sqlStarter(() => db);

/** Writes the log as the service does. */
async function startAudit(): Promise<{ audit: AuditService; work: UnitOfWork }> {
  const { orm } = await start();
  const work = new UnitOfWork(orm.em);
  return { audit: new AuditService(work), work };
}

/** An event of a user whom no other test has. */
function entry(changes: Partial<AuditEntry> = {}): AuditEntry & { userId: string } {
  return { action: 'user.changed', outcome: 'success', origin: ORIGIN, ...changes, userId: uuidv7() };
}

async function eventsOf(userId: string): Promise<Record<string, unknown>[]> {
  return withConnection(db.owner, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(
      'select * from audit_events where user_id = $1 order by id',
      [userId],
    );
    return rows;
  });
}

/** Runs a statement as the application and takes it back. **Shape**: `ok`, or the SQLSTATE. */
async function attempt(text: string, prepare: readonly string[] = []): Promise<string> {
  return withConnection(db.superuser, async (client) => {
    await client.query('begin');
    for (const step of prepare) await client.query(step);
    await client.query('set local role stockroom_app');
    try {
      await client.query(text);
      return 'ok';
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      await client.query('rollback');
    }
  });
}

describe('an event', () => {
  it('says who did what to what, from where, when by the database’s clock, and how it ended', async () => {
    const { audit, work } = await startAudit();
    const event = entry({
      sessionId: uuidv7(),
      target: { type: 'user', id: 'some-id' },
      details: { fields: ['email'] },
    });
    await work.run(NOBODY, async (em) => audit.record(em, event));
    expect(await eventsOf(event.userId)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        created_at: expect.any(Date),
        action: 'user.changed',
        outcome: 'success',
        user_id: event.userId,
        session_id: event.sessionId,
        target_type: 'user',
        target_id: 'some-id',
        address: '192.0.2.1',
        user_agent: 'curl/8',
        request_id: 'r-1',
        details: { fields: ['email'] },
      },
    ]);
  });

  it('stands in the log exactly if what it tells of was done', async () => {
    const { audit, work } = await startAudit();
    const event = entry();
    const undone = work.run(NOBODY, async (em) => {
      audit.record(em, event);
      await em.flush();
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await eventsOf(event.userId)).toEqual([]);
  });

  it('may come with others', async () => {
    const { audit, work } = await startAudit();
    const event = entry();
    await work.run(NOBODY, async (em) => {
      for (const action of AUDIT_ACTIONS) audit.record(em, { ...event, action });
    });
    expect((await eventsOf(event.userId)).map(({ action }) => action)).toEqual([...AUDIT_ACTIONS]);
  });

  it.each([
    ['longer than fits', 'x'.repeat(20_000), 'x'],
    ['that ends in half a character', '𝄞'.repeat(20_000), '𝄞'],
    ['with U+0000', 'a\0b', 'a\uFFFDb'],
  ])('takes from a request what is %s, cut to fit', async (_what, text, kept) => {
    const { audit, work } = await startAudit();
    const event = entry({
      target: { type: 'route', id: text },
      origin: { address: text, userAgent: text, requestId: text },
    });
    await work.run(NOBODY, async (em) => audit.record(em, event));
    const stored = (await eventsOf(event.userId)).map(
      ({ address, user_agent: agent }) => [address, agent] as string[],
    );
    expect(stored).toHaveLength(1);
    for (const value of stored.flat()) {
      expect(value).toContain(kept);
      expect(value.isWellFormed()).toBe(true);
      expect(value.length).toBeLessThanOrEqual(512);
    }
  });

  it('keeps line breaks and colours of a terminal as part of one value', async () => {
    const { audit } = await startAudit();
    const userAgent = 'curl\r\n{"msg":"user.erased"}\n\u001B[31mred\u001B[0m\u2028';
    const event = entry({ origin: { ...ORIGIN, userAgent } });
    await audit.note(event);
    expect((await eventsOf(event.userId)).map((stored) => stored.user_agent)).toEqual([userAgent]);
  });

  it('of what was refused is lost by no fault: it goes to the service’s log, and the request goes on', async () => {
    const { audit } = await startAudit();
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    try {
      const event = entry({ details: { text: 'x'.repeat(5_000) } });
      await expect(audit.note(event)).resolves.toBeUndefined();
      expect(await eventsOf(event.userId)).toEqual([]);
      expect(logged).toHaveBeenCalledWith(expect.objectContaining({ msg: 'audit event not stored', event }));
    } finally {
      logged.mockRestore();
    }
  });

  it('has an action that the documentation explains', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
    const [, section = ''] = page.split('## The audit log\n');
    const explained = [...(section.split('\n## ', 1)[0] ?? '').matchAll(/^\| `([a-z]+\.[a-z-]+)` +\|/gm)].map(
      ([, action]) => action,
    );
    expect(new Set(explained)).toEqual(new Set(AUDIT_ACTIONS));
    expect(explained).toHaveLength(AUDIT_ACTIONS.length);
  });
});

describe('the application', () => {
  it.each([
    ['change an event', `update audit_events set outcome = 'success'`],
    ['change who did it', 'update audit_events set user_id = null'],
    ['remove events', 'delete from audit_events'],
    ['empty the log', 'truncate audit_events'],
    [
      'replace events',
      `insert into audit_events (id, action, outcome) values (gen_random_uuid(), 'x', 'success') on conflict (id) do update set action = 'y'`,
    ],
    [
      'merge into them',
      'merge into audit_events a using audit_events b on a.id = b.id when matched then delete',
    ],
    [
      'say when an event happened',
      `insert into audit_events (id, action, outcome, created_at) values (gen_random_uuid(), 'x', 'success', '2020-01-01')`,
    ],
    ['switch the trigger off', 'alter table audit_events disable trigger audit_events_append_only'],
    ['switch all triggers off', 'set session_replication_role = replica'],
    ['drop the trigger', 'drop trigger audit_events_append_only on audit_events'],
    [
      'replace its function',
      `create or replace function audit_events_refuse_change() returns trigger language plpgsql as 'begin return null; end'`,
    ],
    ['drop the log', 'drop table audit_events'],
    ['rename it', 'alter table audit_events rename to old_events'],
    ['hide events', `create policy hidden on audit_events using (false)`],
    ['add a rule', 'create rule quiet as on insert to audit_events do instead nothing'],
  ])('cannot %s', async (_what, text) => {
    expect(await attempt(text)).toBe(REFUSED);
  });

  it('can add an event and read it', async () => {
    const text = `insert into audit_events (id, action, outcome) values (gen_random_uuid(), 'x', 'success')`;
    expect(await attempt(text)).toBe('ok');
    expect(await attempt('select * from audit_events')).toBe('ok');
  });

  const TOO_MUCH = ['grant all on audit_events to stockroom_app'];
  it.each(['update audit_events set action = action', 'delete from audit_events', 'truncate audit_events'])(
    'is refused by the trigger when it was granted too much: %s',
    async (text) => {
      expect(await attempt(text, TOO_MUCH)).toBe(REFUSED);
      // The grant alone would let it through.
      const withoutTrigger = [
        ...TOO_MUCH,
        'alter table audit_events disable trigger audit_events_append_only',
      ];
      expect(await attempt(text, withoutTrigger)).toBe('ok');
    },
  );

  it('leaves old events to the owner to remove', async () => {
    const { audit } = await startAudit();
    const event = entry();
    await audit.note(event);
    await withConnection(db.owner, (client) =>
      client.query('delete from audit_events where user_id = $1', [event.userId]),
    );
    expect(await eventsOf(event.userId)).toEqual([]);
  });
});

it.each(['address', 'user_agent'])('reports may count events and not read %s', async (column) => {
  await withConnection(db.readonly, async (client) => {
    await client.query('select action, user_id, details from audit_events');
    const reading = client.query(`select ${column} from audit_events`);
    await expect(reading).rejects.toMatchObject({ code: REFUSED });
  });
});
