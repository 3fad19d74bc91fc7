import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSecret } from '../../src/encryption/secrets.js';
import { barPath, stockWith } from '../factories/branches.js';
import { cite, openConversation, quote, type CitingMessage } from '../factories/citations.js';
import { databaseVariables } from '../support/command-line.js';
import { EventReader, type ReceivedEvent } from '../support/event-reader.js';
import type { Persona } from '../support/personas.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { Replica } from './event-replicas.js';

const CORRECTIONS = 200;
const BARS = 8;
/** So often somebody quotes an old version, which is restated when it is stored. */
const LATE_EVERY = 10;
const PATIENCE_MS = 60_000;

const keys = `test-1:${generateSecret(32)}`;
let service: TestApp;
let person: Persona;
let replicas: readonly Replica[] = [];
let folder: string;

beforeAll(async () => {
  service = await startTestApp({ env: { ENCRYPTION_KEYS: keys } });
  person = await service.signedIn('USER');
  folder = await mkdtemp(join(tmpdir(), 'stockroom-events-'));
  const env = (n: number): NodeJS.ProcessEnv => ({
    ...databaseVariables(service.db),
    ...{ ENCRYPTION_KEYS: keys, DATABASE_MIGRATE_ON_START: 'false', STOCKROOM_LOG_LEVEL: 'silent' },
    ...{ STOCKROOM_DATA_DIR: join(folder, String(n)), STOCKROOM_EVENT_POLL_MS: '50' },
    ...{ STOCKROOM_REQUEST_QUOTAS_ENABLED: 'false', STOCKROOM_EVENT_STREAMS_PER_CALLER: '100' },
  });
  replicas = await Promise.all([0, 1].map(async (n) => Replica.start(env(n))));
}, 120_000);
afterAll(async () => {
  await Promise.all(replicas.map(async (replica) => replica.kill()));
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

const anyOf = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;

/** Which restatement an event tells of. */
const nameOf = ({ data }: ReceivedEvent): string => {
  const { revision, messageId, ordinal } = data as { revision: number; messageId: string; ordinal: number };
  return `${revision} ${messageId} ${ordinal}`;
};

/** Follows events over connections that it cuts at random, at whichever replica answers. */
class Consumer {
  readonly told = new Set<string>();
  connections = 0;
  private isDone = false;
  private readonly running: Promise<void>;

  constructor(
    start: string,
    /** The id to resume with, from the last one that was seen. */
    private readonly resumeWith: (id: string) => string,
  ) {
    this.running = this.run(start);
  }

  async stop(): Promise<void> {
    this.isDone = true;
    await this.running;
  }

  private async run(start: string): Promise<void> {
    let last = start;
    while (!this.isDone) {
      const reader = await EventReader.open(
        anyOf(replicas).url,
        person.api.headers,
        this.resumeWith(last),
      ).catch(() => null);
      if (reader?.status !== 200) {
        await sleep(50);
        continue;
      }
      this.connections++;
      await sleep(50 + Math.random() * 350);
      reader.cut();
      for (const event of reader.events) if (event.type === 'citation.restated') this.told.add(nameOf(event));
      last = reader.events.at(-1)?.id ?? last;
    }
  }
}

/** What has to be told of a person's citations, by what is stored: each change of a quoted bar since, and what came late. */
async function stored(): Promise<readonly string[]> {
  const rows = await asOwner(
    service.db,
    `select distinct v.valid_from || ' ' || c.message_id || ' ' || c.ordinal as name
     from message_citations c
     join stock_data v on v.series_id = c.series_id and v.branch_id = c.branch_id and v.ts = c.ts
     left join late_citations l on l.message_id = c.message_id and l.ordinal = c.ordinal
     where c.owner_id = '${person.userId}' and v.valid_from > c.revision
       and (l.revision is null or v.valid_from > l.revision
         or v.valid_from = (select e.valid_to from stock_data e where e.series_id = c.series_id
           and e.branch_id = c.branch_id and e.ts = c.ts and e.valid_from = c.revision))`,
  );
  return (rows as { name: string }[]).map(({ name }) => name);
}

/** Corrects bars through whichever replica answers, again when one was killed meanwhile: the same value is no second change. */
async function correct(symbol: string, n: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const answer = await fetch(anyOf(replicas).url + barPath(symbol, n % BARS), {
      method: 'PUT',
      headers: { ...service.api.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ close: n + 2 }),
    }).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error('a correction found no replica');
}

describe('restatements', () => {
  it('all reach a reader who is cut off at random, while services are killed; one who resumes too far ahead misses some', async () => {
    const { symbol, revision } = await stockWith(service.api, ...Array.from({ length: BARS }, () => '1'));
    const bars = Array.from({ length: BARS }, (_, n) => quote(symbol, n, { asOf: revision }));
    const conversation = await openConversation(person.api);
    const made = await cite(person.api, conversation, bars);
    expect((made.json as CitingMessage).citations).toHaveLength(BARS);
    const reader = new Consumer(`${revision}`, (id) => id);
    // The fault that the ids are there to prevent: going on behind all of the next revision, as soon as there is one.
    const control = new Consumer(`${revision}`, (id) => `${Number(id.split('.')[0]) + 1}.late.999999`);
    let isOver = false;
    const killing = (async () => {
      for (let n = 0; !isOver; n++) {
        await sleep(300 + Math.random() * 700);
        const victim = replicas[n % replicas.length];
        await victim?.killAndBegin();
        await victim?.ready();
      }
    })();
    for (let n = 0; n < CORRECTIONS; n++) {
      await correct(symbol, n);
      if (n % LATE_EVERY === 0) await cite(person.api, conversation, bars);
    }
    isOver = true;
    await killing;
    const expected = await stored();
    const missing = (): readonly string[] => expected.filter((name) => !reader.told.has(name));
    for (let waited = 0; missing().length > 0 && waited < PATIENCE_MS; waited += 100) await sleep(100);
    await Promise.all([reader.stop(), control.stop()]);
    expect(missing()).toEqual([]);
    expect([...reader.told].filter((name) => !expected.includes(name))).toEqual([]);
    expect(expected.length).toBeGreaterThan(CORRECTIONS);
    expect(expected.every((name) => control.told.has(name))).toBe(false);
    expect(replicas.every(({ kills }) => kills > 0)).toBe(true);
    expect(reader.connections).toBeGreaterThan(5);
  }, 300_000);
});
