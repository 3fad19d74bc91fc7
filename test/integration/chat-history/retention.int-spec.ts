import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeAged } from '../../../src/chat-history/retention/retention.queries.js';
import { RetentionService } from '../../../src/chat-history/retention/retention.service.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { storeConversation, storeMessage, type ConversationRow } from '../../factories/history-rows.js';
import { asOwner } from '../../support/sql.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import type { Persona } from '../../support/personas.js';

const NOTHING = { dryRun: false, messages: 0, conversations: 0, tombstones: 0, finished: true };

let t: TestApp;
let ann: Persona;

beforeEach(async () => {
  t = await startTestApp({ env: { STOCKROOM_MESSAGE_RETENTION_DAYS: '30' } });
  ann = await t.signedIn('USER');
});
afterEach(() => t.close());

const run = (dryRun = false) => t.app.get(RetentionService).run({ dryRun });

/** A conversation whose messages are of these ages. **Shape**: its id. */
async function stored(ages: readonly string[], row: ConversationRow = {}, owner: { userId: string } = ann) {
  const conversation = await storeConversation(t.db, owner, row);
  for (const [index, ago] of ages.entries()) await storeMessage(t.db, conversation, { seq: index + 1, ago });
  return conversation.id;
}

/** The numbers of the messages that are left of a conversation. */
async function left(conversation: string): Promise<readonly number[]> {
  const rows = await asOwner<{ seq: number }>(
    t.db,
    'select seq from messages where conversation_id = $1 order by seq',
    [conversation],
  );
  return rows.map(({ seq }) => seq);
}

/** Whether a conversation is there, there as a tombstone, or not at all. */
async function stateOf(id: string): Promise<'open' | 'tombstone' | 'gone'> {
  const [row] = await asOwner<{ deleted: boolean; bare: boolean }>(
    t.db,
    `select deleted_at is not null as deleted, title is null and metadata is null and request_digest is null as bare from conversations where id = $1`,
    [id],
  );
  if (row === undefined) return 'gone';
  if (row.deleted && !row.bare) throw new Error('a tombstone has a title');
  return row.deleted ? 'tombstone' : 'open';
}

describe('a run of retention', () => {
  it('removes what is older than the days of its owner, or of the service, and nothing younger', async () => {
    const patient = await t.signedIn('USER');
    const hasty = await t.signedIn('USER');
    await patient.api.patch('/v1/users/me/settings', { json: { messageRetentionDays: 60 } });
    await hasty.api.patch('/v1/users/me/settings', { json: { messageRetentionDays: 7 } });
    const ages = ['61 days', '59 days', '31 days', '29 days', '8 days', '6 days'];
    const [usual, long, short] = [
      await stored(ages),
      await stored(ages, {}, patient),
      await stored(ages, {}, hasty),
    ];
    expect(await run()).toEqual({ ...NOTHING, messages: 3 + 1 + 5 });
    expect([await left(usual), await left(long), await left(short)]).toEqual([
      [4, 5, 6],
      [2, 3, 4, 5, 6],
      [6],
    ]);
    expect(await run()).toEqual(NOTHING);
  });

  it('judges each message by its own date, whatever its place', async () => {
    const id = await stored(['1 day', '40 days', '2 days', '50 days']);
    await run();
    expect(await left(id)).toEqual([1, 3]);
  });

  it('leaves pinned conversations alone, and follows a date that a conversation has of its own', async () => {
    const pinned = await stored(['400 days'], { pinned: true, retainFor: '-1 day', activeAgo: '400 days' });
    const later = await stored(['400 days', '1 day'], { retainFor: '1 day', activeAgo: '400 days' });
    const over = await stored(['400 days', '1 minute'], { retainFor: '-1 minute', title: 'over' });
    expect(await run()).toEqual({ ...NOTHING, messages: 2, conversations: 1 });
    expect([await left(pinned), await left(later), await left(over)]).toEqual([[1], [1, 2], []]);
    expect([await stateOf(pinned), await stateOf(later), await stateOf(over)]).toEqual([
      'open',
      'open',
      'tombstone',
    ]);
  });

  it('closes a conversation in which nothing was written for as long, empty ones too', async () => {
    const old = await stored(['31 days'], { activeAgo: '31 days', title: 'old' });
    const empty = await stored([], { activeAgo: '31 days' });
    const fresh = await stored([], { activeAgo: '29 days' });
    const muddled = await stored(['1 day'], { activeAgo: '31 days' });
    expect(await run()).toEqual({ ...NOTHING, messages: 1, conversations: 2 });
    expect(await Promise.all([old, empty, fresh, muddled].map(stateOf))).toEqual([
      ...['tombstone', 'tombstone', 'open', 'open'],
    ]);
    expect(await left(muddled)).toEqual([1]);
  });

  it('keeps what a living fork, or a fork of it, wants kept', async () => {
    const parent = await stored(['40 days', '40 days', '40 days'], { activeAgo: '40 days' });
    const fork = await stored([], { parentId: parent, forkSeq: 2, activeAgo: '40 days' });
    const grandchild = await stored([], { parentId: fork, forkSeq: 1, pinned: true });
    expect(await run()).toEqual({ ...NOTHING, messages: 2, conversations: 2 });
    expect(await left(parent)).toEqual([1]);
    await asOwner(t.db, 'update conversations set deleted_at = now() where id = $1', [grandchild]);
    expect(await run()).toEqual({ ...NOTHING, messages: 1 });
    expect(await left(parent)).toEqual([]);
  });

  it('finishes what a deletion left, young or not, and forgets tombstones from the youngest fork up', async () => {
    const dead = await stored(['1 day', '40 days'], { deletedAgo: '31 days' });
    const fork = await stored([], { parentId: dead, forkSeq: 1, deletedAgo: '31 days' });
    const recent = await stored([], { deletedAgo: '29 days' });
    expect(await run()).toEqual({ ...NOTHING, messages: 2, tombstones: 1 });
    expect(await Promise.all([dead, fork, recent].map(stateOf))).toEqual(['tombstone', 'gone', 'tombstone']);
    expect(await run()).toEqual({ ...NOTHING, tombstones: 1 });
    expect(await stateOf(dead)).toBe('gone');
  });

  it('says beforehand what it would remove, and removes nothing then', async () => {
    await stored(['31 days', '1 day']);
    await stored(['31 days', '1 day'], { retainFor: '-1 day' });
    await stored(['40 days', '1 day'], { deletedAgo: '2 days' });
    await stored([], { activeAgo: '31 days' });
    await stored([], { deletedAgo: '31 days' });
    const count = async () => asOwner(t.db, 'select count(*) from messages');
    const before = await count();
    const expected = { messages: 5, conversations: 2, tombstones: 1, finished: true };
    expect(await run(true)).toEqual({ dryRun: true, ...expected });
    expect(await run(true)).toEqual({ dryRun: true, ...expected });
    expect(await count()).toEqual(before);
    expect(await run()).toEqual({ dryRun: false, ...expected });
    expect(t.app.get(RetentionService).totals).toEqual({ messages: 5, conversations: 2, tombstones: 1 });
  });

  it('removes more than a batch, a thousand rows at a time', async () => {
    const id = await stored([]);
    await asOwner(
      t.db,
      `insert into messages (id, conversation_id, owner_id, seq, role, content, created_at)
       select gen_random_uuid(), $1, $2, n, 'user', 'x', now() - interval '29 days' - n * interval '1 hour'
       from generate_series(1, 2500) n`,
      [id, ann.userId],
    );
    await asOwner(t.db, `create table deletions (rows integer)`);
    await asOwner(
      t.db,
      `create function note_deletion() returns trigger language plpgsql security definer as $$
       begin insert into deletions select count(*) from gone; return null; end $$`,
    );
    await asOwner(
      t.db,
      `create trigger note_deletion after delete on messages referencing old table as gone
       for each statement execute function note_deletion()`,
    );
    expect(await run()).toMatchObject({ messages: 2_500 - 23 });
    expect((await left(id)).length).toBe(23);
    const sizes = await asOwner<{ rows: number }>(t.db, 'select rows from deletions where rows > 0');
    expect(Math.max(...sizes.map(({ rows }) => rows))).toBeLessThanOrEqual(1_000);
  });

  it('waits for nobody: what is locked goes with the next run', async () => {
    const busy = await stored(['31 days']);
    const other = await stored(['31 days']);
    await withConnection(t.db.superuser, async (client) => {
      await client.query('begin');
      await client.query('update conversations set is_archived = true where id = $1', [busy]);
      expect(await run()).toMatchObject({ messages: 1 });
      await client.query('commit');
    });
    expect([await left(busy), await left(other)]).toEqual([[1], []]);
    expect(await run()).toMatchObject({ messages: 1 });
  });

  /** Pins a conversation after the removal has begun to look, and before it has come to lock. */
  async function pinMeanwhile(
    id: string,
    removal: () => Promise<unknown>,
    pinned = async (conversation: string): Promise<string> => conversation,
  ): Promise<void> {
    // Every look at a message takes a while.
    await asOwner(
      t.db,
      `create policy messages_slow on messages as restrictive to stockroom_app using (pg_sleep(0.4) is not null)`,
    );
    const removing = removal();
    let sleeping = 0;
    while (sleeping === 0) {
      const rows = await withConnection(t.db.superuser, (client) =>
        client.query(
          `select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
        ),
      );
      sleeping = rows.rowCount ?? 0;
    }
    const { status } = await ann.api.patch(`/v1/conversations/${await pinned(id)}`, {
      json: { pinned: true },
    });
    expect(status).toBe(200);
    await removing;
    await asOwner(t.db, 'drop policy messages_slow on messages');
  }

  it('heeds whoever pins a conversation while it runs', async () => {
    const id = await stored(['31 days']);
    await pinMeanwhile(id, () => run());
    expect(await left(id)).toEqual([1]);
  });

  it('heeds whoever pins a fork of it while it runs', async () => {
    const id = await stored(['31 days']);
    const fork = await stored([], { parentId: id, forkSeq: 1 });
    const second = await stored([], { parentId: fork, forkSeq: 1 });
    await pinMeanwhile(
      id,
      () => run(),
      async () => second,
    );
    expect(await left(id)).toEqual([1]);
  });

  it('heeds whoever forks it and pins the fork while it runs', async () => {
    const id = await stored(['31 days']);
    await pinMeanwhile(
      id,
      () => run(),
      async () => {
        const forked = await ann.api.post(`/v1/conversations/${id}/forks`, { json: { atSeq: 1 } });
        expect(forked.status).toBe(201);
        return (forked.json as { id: string }).id;
      },
    );
    expect(await left(id)).toEqual([1]);
  });

  it('control: with what it held before nobody pinned anything, and no lock, it does not', async () => {
    const id = await stored(['31 days']);
    const page = { defaultDays: 30, fewestDays: 30, after: null, limit: 10 };
    const { text, values } = removeAged(page, [id]);
    await pinMeanwhile(id, () =>
      withConnection(t.db.app, async (client) => {
        await client.query(`select set_config('stockroom.purpose', 'retention', false)`);
        await client.query(text, [...values]);
      }),
    );
    expect(await left(id)).toEqual([]);
  });

  it('lets one process work at a time, and the other says so', async () => {
    await stored(['31 days']);
    await withConnection(t.db.app, async (client) => {
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(7163001, hashtext('retention'))`);
      expect(await run()).toEqual({ ...NOTHING, finished: false });
      await client.query('commit');
    });
    expect(await run()).toMatchObject({ messages: 1, finished: true });
    const twice = await stored(Array.from({ length: 20 }, () => '31 days'));
    const reports = await Promise.all([run(), run()]);
    if (reports.some(({ finished }) => !finished)) await run();
    expect(await left(twice)).toEqual([]);
  });
});

describe('without days of the service', () => {
  it('messages stay for ever, unless their owner said otherwise', async () => {
    const other = await startTestApp({ beside: t });
    const id = await stored(['36000 days'], { activeAgo: '36000 days' });
    const forever = other.app.get(RetentionService);
    expect(await forever.run({ dryRun: false })).toEqual(NOTHING);
    await ann.api.patch('/v1/users/me/settings', { json: { messageRetentionDays: 36_500 } });
    expect(await forever.run({ dryRun: false })).toEqual(NOTHING);
    await ann.api.patch('/v1/users/me/settings', { json: { messageRetentionDays: 35_999 } });
    expect(await forever.run({ dryRun: false })).toEqual({ ...NOTHING, messages: 1, conversations: 1 });
    expect(await left(id)).toEqual([]);
    await other.close();
  });
});
