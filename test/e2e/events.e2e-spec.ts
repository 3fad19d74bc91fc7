import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { day } from '../factories/bars.js';
import { putClose, revisionOf, stockWith } from '../factories/branches.js';
import { cite, openConversation, quote, type CitingMessage } from '../factories/citations.js';
import { importCsv } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { EventReader } from '../support/event-reader.js';
import type { Persona } from '../support/personas.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const env = {
  STOCKROOM_EVENT_POLL_MS: '50',
  STOCKROOM_EVENT_HEARTBEAT_SECONDS: '1',
  STOCKROOM_EVENT_STREAMS_PER_CALLER: '3',
};

let service: TestApp;
let admin: ApiClient;
let person: Persona;
const readers: EventReader[] = [];

beforeAll(async () => {
  service = await startTestApp({ env });
  admin = service.api;
});
beforeEach(async () => {
  person = await service.signedIn('USER');
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.cut();
  // The service hears of it by itself.
  await sleep(50);
});
afterAll(() => service.close());

async function follow(client: ApiClient, lastEventId?: string, url = service.url): Promise<EventReader> {
  const reader = await EventReader.open(url, client.headers, lastEventId);
  readers.push(reader);
  return reader;
}

const ids = ({ events }: EventReader): readonly string[] => events.map(({ id }) => id);

/** Quotes bars, and corrects them all at once. **Shape**: the ids of the events of it, in their order. */
async function restate(client: ApiClient, count: number): Promise<readonly string[]> {
  const { symbol } = await stockWith(admin, ...Array.from({ length: count }, () => '1'));
  const days = Array.from({ length: count }, (_, n) => n);
  const id = await openConversation(client);
  const made = await cite(
    client,
    id,
    days.map((n) => quote(symbol, n)),
  );
  const csv = `Date,Close\n${days.map((n) => `${day(n)},2`).join('\n')}\n`;
  const revision = revisionOf(await importCsv(admin, symbol, csv));
  return [`${revision}`, ...days.map((n) => `${revision}.${(made.json as CitingMessage).id}.${n}`)];
}

describe('GET /v1/events', () => {
  it('tells what is committed, and which of one’s own citations it restates, to nobody else', async () => {
    const stranger = await follow((await service.signedIn('USER')).api);
    const reader = await follow(person.api);
    expect([reader.status, reader.header('content-type'), reader.header('cache-control')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store',
    ]);
    const { symbol } = await stockWith(admin, '1');
    const conversationId = await openConversation(person.api);
    const made = (await cite(person.api, conversationId, [quote(symbol, 0)])).json as CitingMessage;
    const revision = revisionOf(await putClose(admin, { symbol, day: 0 }, '2'));
    await reader.until(({ events }) => events.length >= 3);
    await stranger.until(({ events }) => events.length >= 2);
    expect(reader.events.slice(1)).toEqual([
      {
        id: `${revision}`,
        type: 'revision.committed',
        data: expect.objectContaining({ id: revision, kind: 'correction', branch: 'main' }),
      },
      {
        id: `${revision}.${made.id}.0`,
        type: 'citation.restated',
        data: {
          ...{ revision, messageId: made.id, conversationId, seq: 1, ordinal: 0 },
          citation: expect.objectContaining({ symbol, status: 'restated', restatedBy: revision }),
        },
      },
    ]);
    expect(stranger.events.map(({ type }) => type)).toEqual(['revision.committed', 'revision.committed']);
  });

  it('goes on behind the last event, wherever the stream was cut, and at another process', async () => {
    const opening = await follow(person.api);
    await opening.until(({ lastEventId }) => lastEventId !== undefined);
    // It is cut before its first event: what it was told at its beginning has to do.
    opening.cut();
    const expected: string[] = [];
    for (const count of [3, 1]) {
      const [commit = '', ...citations] = await restate(person.api, count);
      expected.push(String(Number(commit) - 1), commit, ...citations);
    }
    const beside = await startTestApp({ env, beside: service });
    try {
      for (const [n, last] of [opening.lastEventId, ...expected].entries()) {
        const reader = await follow(person.api, last, n % 2 === 0 ? service.url : beside.url);
        expect(reader.status).toBe(200);
        await reader.until(({ events }) => events.length >= expected.length - n);
        expect(ids(reader)).toEqual(expected.slice(n));
        reader.cut();
        await sleep(30);
      }
    } finally {
      await beside.close();
    }
  });

  it('misses nothing when messages that are cited are redacted between two connections', async () => {
    const expected = await restate(person.api, 2);
    const [commit = '', first = '', second = ''] = expected;
    const other = await restate(person.api, 1);
    const messageId = first.split('.')[1] ?? '';
    const found = (await person.api.get('/v1/citations/restated', { query: { since: Number(commit) - 1 } }))
      .json as {
      data: { messageId: string; conversationId: string }[];
    };
    const conversationId = found.data.find((it) => it.messageId === messageId)?.conversationId;
    await person.api.delete(`/v1/conversations/${conversationId}/messages/${messageId}`);
    const reader = await follow(person.api, first);
    await reader.until(({ events }) => events.length >= 3);
    expect(ids(reader)).toEqual([String(Number(other[0]) - 1), ...other]);
    expect(ids(reader)).not.toContain(second);
  });

  it('sends more than fit into one batch, in order, once', async () => {
    const expected: string[] = [];
    for (let n = 0; n < 5; n++) {
      const [commit = '', ...citations] = await restate(person.api, 50);
      expected.push(String(Number(commit) - 1), commit, ...citations);
    }
    const reader = await follow(person.api, String(Number(expected[0]) - 1));
    await reader.until(({ events }) => events.length >= expected.length);
    expect(ids(reader)).toEqual(expected);
  });

  it('says that it is there when nothing happens', async () => {
    const reader = await follow(person.api);
    await reader.until(({ comments }) => comments >= 2);
    expect(reader.events).toEqual([]);
  });

  it.each([
    ['from the future', '999999', 'event-id-in-future'],
    ['of a citation from the future', '999999.01890a5d-ac96-774b-bcce-b302099a8057.0', 'event-id-in-future'],
    ['that is a word', 'newest', 'invalid-event-id'],
    ['below zero', '-1', 'invalid-event-id'],
    ['of 10,000 characters', '1'.repeat(10_000), 'invalid-event-id'],
    ['of 10,000 characters behind a revision', `1.${'a'.repeat(10_000)}`, 'invalid-event-id'],
    ['with a fraction', '1.5', 'invalid-event-id'],
    ['with blanks inside', '1 2', 'invalid-event-id'],
    ['with a late citation without a number', '1.late.', 'invalid-event-id'],
    ['with a late citation below zero', '1.late.-1', 'invalid-event-id'],
    ['beyond what a number holds', '9'.repeat(16), 'invalid-event-id'],
    ['with half a citation', '1.3', 'invalid-event-id'],
    ['with SQL in it', `1' or '1'='1`, 'invalid-event-id'],
  ])('refuses a Last-Event-ID %s', async (_, lastEventId, code) => {
    const answer = await person.api.get('/v1/events', { headers: { 'last-event-id': lastEventId } });
    expect([answer.status, answer.json]).toMatchObject([400, { code }]);
  });

  it('begins with the first revision of all behind 0', async () => {
    const reader = await follow(person.api, '0');
    await reader.until(({ events }) => events.length > 0);
    expect(reader.events[0]).toMatchObject({ id: '1', type: 'revision.committed' });
  });

  it('is for people and visitors, not for strangers, and HEAD has no stream', async () => {
    const visitor = service.visitor();
    const reader = await follow(visitor);
    const [, ...citations] = await restate(visitor, 1);
    await reader.until(({ events }) => events.some(({ id }) => id === citations[0]));
    expect((await service.stranger.get('/v1/events')).status).toBe(401);
    const head = await fetch(`${service.url}/v1/events`, { method: 'HEAD', headers: person.api.headers });
    expect(head.status).toBe(200);
  });

  it('gives one caller no more streams than the limit, and a place again when one is closed', async () => {
    const other = (await service.signedIn('USER')).api;
    const open = [await follow(other), await follow(other), await follow(other)];
    const refused = await other.get('/v1/events');
    expect([refused.status, refused.json, refused.headers.get('retry-after')]).toMatchObject([
      429,
      { code: 'too-many-event-streams' },
      '5',
    ]);
    open[0]?.cut();
    for (let tries = 0; tries < 100; tries++) {
      const again = await follow(other);
      if (again.status === 200) return;
      await sleep(20);
    }
    throw new Error('the place of a closed stream was not given back');
  });

  it('ends when the service stops, which does not wait for its clients', async () => {
    const beside = await startTestApp({ env, beside: service });
    const reader = await follow(person.api, undefined, beside.url);
    await beside.close();
    await reader.until(({ isEnded }) => isEnded);
    expect(reader.status).toBe(200);
  });
});

/** What ends a session or its token, each done to a person who listens. */
const ENDINGS: readonly (readonly [what: string, end: (person: Persona) => Promise<unknown>])[] = [
  ['is signed out', ({ api }) => api.delete('/v1/sessions/current')],
  [
    'is ended from another session',
    async ({ api, email, password }) => endedFromElsewhere({ api, email, password }),
  ],
  ['is rotated', ({ api }) => api.post('/v1/sessions/current/rotate')],
  ['has been idle too long', ({ api }) => expire(api, 'idle_expires_at = now()')],
  ['has reached its end', ({ api }) => expire(api, 'idle_expires_at = now(), expires_at = now()')],
  [
    'is of a person who is switched off',
    ({ userId }) => admin.patch(`/v1/users/${userId}`, { json: { isActive: false } }),
  ],
  ['is of a person who is deleted', ({ userId }) => admin.delete(`/v1/users/${userId}`)],
  ['is ended by an administrator', ({ userId }) => admin.delete(`/v1/users/${userId}/sessions`)],
  ['is ended by a new password elsewhere', newPassword],
];

async function endedFromElsewhere(who: Pick<Persona, 'api' | 'email' | 'password'>): Promise<ApiAnswer> {
  const { id } = (await who.api.get('/v1/sessions/current')).json as { id: string };
  const login = { login: who.email, password: who.password };
  const { token } = (await service.stranger.post('/v1/sessions', { json: login })).json as { token: string };
  return service.stranger.as(token).delete(`/v1/sessions/${id}`);
}

async function newPassword({ email, password }: Persona): Promise<ApiAnswer> {
  const { token } = (await service.stranger.post('/v1/sessions', { json: { login: email, password } }))
    .json as {
    token: string;
  };
  const json = { currentPassword: password, newPassword: 'quite another pass phrase' };
  return service.stranger.as(token).put('/v1/users/me/password', { json });
}

/** Lets the session of a client run out, by the database's clock. */
async function expire(client: ApiClient, set: string): Promise<readonly object[]> {
  const { id } = (await client.get('/v1/sessions/current')).json as { id: string };
  return asOwner(service.db, `update sessions set ${set} where id = '${id}' returning id`);
}

describe('a stream', () => {
  it.each(ENDINGS)('ends when its session %s, and is not opened with it again', async (_, end) => {
    const other = await service.signedIn('USER');
    const [reader, bystander] = [await follow(other.api), await follow(person.api)];
    expect([reader.status, bystander.status]).toEqual([200, 200]);
    await end(other);
    await reader.until(({ isEnded }) => isEnded);
    expect((await other.api.get('/v1/events')).status).toBe(401);
    expect(bystander.isEnded).toBe(false);
  });

  it.each([
    ['signs out', async (visitor: ApiClient) => visitor.delete('/v1/sessions/current')],
    ['is idle too long', async (visitor: ApiClient) => expire(visitor, 'idle_expires_at = now()')],
    [
      'signs in: what was theirs is the account’s',
      async (visitor: ApiClient) =>
        visitor.post('/v1/sessions', { json: { login: person.email, password: person.password } }),
    ],
  ])('of a visitor ends when the visitor %s', async (_, end) => {
    const visitor = service.visitor();
    const reader = await follow(visitor);
    await end(visitor);
    await reader.until(({ isEnded }) => isEnded);
    expect((await visitor.get('/v1/events')).status).toBe(401);
  });

  it('goes on while its session is only used elsewhere', async () => {
    const reader = await follow(person.api);
    await person.api.get('/v1/sessions/current');
    await reader.until(({ comments }) => comments >= 2);
    expect(reader.isEnded).toBe(false);
  });
});
