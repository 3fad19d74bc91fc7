import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { withConnection } from '../../src/database/direct-connection.js';
import { SqlService } from '../../src/database/sql.service.js';
import { allMessages, makeConversation, type ShownMessage } from '../factories/conversations.js';
import type { Persona } from '../support/personas.js';
import { changeAppend } from '../support/changed-append.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { appendStorm, type StormReport } from './append-storm.js';

let app: TestApp;
let replica: TestApp;
let person: Persona;
beforeAll(async () => {
  app = await startTestApp();
  replica = await startTestApp({ beside: app });
  person = await app.signedIn('USER');
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(async () => {
  await replica.close();
  await app.close();
});

/** Lets messages be added without locking the row of their conversation, and without waiting for each other in the process. */
async function withoutRowLock(): Promise<void> {
  for (const { app: replicaOf } of [app, replica])
    jest.spyOn(replicaOf.get(SqlService), 'inTurn').mockImplementation((_queue, work) => work());
  await changeAppend(app.db, 'locks nothing');
}

/** Cuts connections of the service, whatever they are at, until told to stop. */
function cutConnections(): () => Promise<number> {
  let cut = 0;
  let stopped = false;
  const cutting = withConnection(app.db.superuser, async (client) => {
    while (!stopped) {
      await sleep(15);
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename = $1 and state <> 'idle' order by random() limit 1`,
        [app.db.app.user],
      );
      cut += rowCount ?? 0;
    }
  });
  return async () => {
    stopped = true;
    await cutting;
    return cut;
  };
}

/** Reads the whole conversation again and again, from both ends. **Shape**: all that was read, each in ascending order. */
function readAlong(conversationId: string): () => Promise<readonly (readonly ShownMessage[])[]> {
  const seen: (readonly ShownMessage[])[] = [];
  let stopped = false;
  const read = async (order: 'asc' | 'desc'): Promise<void> => {
    while (!stopped) {
      const messages = await allMessages(person.api, conversationId, { order, limit: 40 }).catch(() => null);
      if (messages !== null) seen.push(order === 'asc' ? messages : messages.toReversed());
      await sleep(20);
    }
  };
  const reading = Promise.all([read('asc'), read('desc')]);
  return async () => {
    stopped = true;
    await reading;
    return seen;
  };
}

async function storm(
  conversationId: string,
  changes: { readonly withIds?: boolean; readonly clients?: number; readonly messagesEach?: number } = {},
): Promise<StormReport> {
  const urls = [app.url, replica.url];
  const { token } = person;
  return appendStorm({
    ...{ urls, token, conversationId, clients: 32, messagesEach: 4, withIds: true },
    ...changes,
  });
}

/** What is wrong with a conversation after a storm. */
function faultsOf(
  messages: readonly Pick<ShownMessage, 'seq' | 'content'>[],
  { acknowledged, refused }: StormReport,
): readonly string[] {
  const found = messages.flatMap(({ seq }, index) =>
    seq === index + 1 ? [] : [`seq ${seq} at place ${index + 1}`],
  );
  for (const { content, seq } of acknowledged) {
    const stored = messages.filter((message) => message.content === content).map((message) => message.seq);
    if (stored.join() !== String(seq)) found.push(`${content} got ${seq}, and is stored as ${stored.join()}`);
  }
  return [...found, ...refused];
}

describe('32 clients that append to one conversation and retry what they have no answer for', () => {
  it('have each acknowledged message there once, 1 to n, in one order for every reader, also when connections are cut', async () => {
    const { id } = await makeConversation(person.api);
    const [stopReading, stopCutting] = [readAlong(id), cutConnections()];
    const report = await storm(id);
    expect(await stopCutting()).toBeGreaterThan(0);
    const seen = await stopReading();
    const messages = await allMessages(person.api, id);
    expect(report.lost).toBeGreaterThan(0);
    expect(report.acknowledged).toHaveLength(128);
    expect(faultsOf(messages, report)).toEqual([]);
    expect(messages).toHaveLength(128);
    // Each client had its messages acknowledged one after the other.
    for (let client = 0; client < 32; client++) {
      const own = messages.filter(({ content }) => content.startsWith(`client ${client} `));
      expect(own.map(({ content }) => content.at(-1))).toEqual(['0', '1', '2', '3']);
    }
    // Read from the end, a conversation that grows meanwhile shows what was there: the beginning of what it became.
    for (const read of seen) expect(read).toEqual(messages.slice(0, read.length));
    const times = messages.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted());
  });

  it('control: without ids of their own have messages there twice', async () => {
    const { id } = await makeConversation(person.api);
    const report = await storm(id, { withIds: false, clients: 8 });
    expect(faultsOf(await allMessages(person.api, id), report)).not.toEqual([]);
  });

  it('control: without the row lock get refusals, and without the unique index, too, one number twice', async () => {
    await withoutRowLock();
    const guarded = await makeConversation(person.api);
    const refused = await storm(guarded.id, { clients: 16 });
    expect(refused.refused.length).toBeGreaterThan(0);
    await asOwner(app.db, 'alter table messages drop constraint messages_conversation_id_seq_key');
    const { id } = await makeConversation(person.api);
    const report = await storm(id, { clients: 16 });
    const stored = await asOwner<ShownMessage>(
      app.db,
      'select seq, content from messages where conversation_id = $1 order by seq',
      [id],
    );
    expect(faultsOf(stored, report).some((fault) => fault.startsWith('seq '))).toBe(true);
  });
});
