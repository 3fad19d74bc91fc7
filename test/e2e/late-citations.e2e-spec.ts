import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { barPath, forkBranch, putClose, revisionOf, stockWith } from '../factories/branches.js';
import {
  cite,
  openConversation,
  quote,
  type CitingMessage,
  type ShownQuote,
} from '../factories/citations.js';
import type { ApiClient } from '../support/api-client.js';
import { EventReader, type ReceivedEvent } from '../support/event-reader.js';
import type { Persona } from '../support/personas.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let admin: ApiClient;
let person: Persona;
let api: ApiClient;
const readers: EventReader[] = [];

beforeAll(async () => {
  service = await startTestApp({ env: { STOCKROOM_EVENT_POLL_MS: '50' } });
  admin = service.api;
});
beforeEach(async () => {
  person = await service.signedIn('USER');
  api = person.api;
});
afterEach(() => readers.splice(0).forEach((reader) => reader.cut()));
afterAll(() => service.close());

async function follow(client: ApiClient, lastEventId?: string): Promise<EventReader> {
  const reader = await EventReader.open(service.url, client.headers, lastEventId);
  readers.push(reader);
  await reader.until(({ lastEventId: id }) => id !== undefined);
  return reader;
}

interface RestatedData {
  readonly revision: number;
  readonly messageId: string;
  readonly citation: ShownQuote;
}

/** What was told of citations, in order. **Shape**: revision, status, current close, revision of that. */
const told = ({ events }: EventReader): readonly (readonly unknown[])[] =>
  events.filter(isRestated).map(({ data }) => {
    const { revision, citation } = data as RestatedData;
    return [revision, citation.status, citation.current?.close ?? null, citation.currentRevision];
  });
const isRestated = ({ type }: ReceivedEvent): boolean => type === 'citation.restated';

interface Listed {
  readonly data: readonly { readonly messageId: string; readonly citation: ShownQuote }[];
}
const listed = async (client: ApiClient, since: number | string): Promise<readonly string[]> => {
  const answer = await client.get('/v1/citations/restated', { query: { since } });
  return (answer.json as Listed).data.map(({ messageId }) => messageId);
};

/** A stock whose first bar said 1 and says 2, and the revisions of that. */
async function corrected(): Promise<{ symbol: string; old: number; correction: number }> {
  const { symbol, revision } = await stockWith(admin, '1', '7');
  return { symbol, old: revision, correction: revisionOf(await putClose(admin, { symbol, day: 0 }, '2')) };
}

/** A message that quotes what the first bar said before. */
async function quoteOld(client: ApiClient, symbol: string, asOf: number): Promise<CitingMessage> {
  const answer = await cite(client, await openConversation(client), [quote(symbol, 0, { asOf })]);
  expect(answer.status).toBe(201);
  return answer.json as CitingMessage;
}

describe('a citation of a version that had ended when its message was stored', () => {
  it('is told to whoever listens, with the revision that ended it, though nothing is committed any more', async () => {
    const { symbol, old, correction } = await corrected();
    const reader = await follow(api);
    const { id, citations } = await quoteOld(api, symbol, old);
    expect(citations[0]).toMatchObject({
      status: 'restated',
      restatedBy: correction,
      currentRevision: correction,
    });
    await reader.until(({ events }) => events.some(isRestated));
    expect(told(reader)).toEqual([[correction, 'restated', 2, correction]]);
    expect(reader.events[0]?.data).toMatchObject({ messageId: id });
  });

  it('in a conversation that is fixed, on a branch that left before, and for a visitor, too', async () => {
    const { symbol, old, correction } = await corrected();
    const branch = await forkBranch(admin, { asOf: old });
    const visitor = service.visitor();
    for (const [client, about] of [
      [api, { asOf: old }],
      [api, { branch }],
      [visitor, { asOf: old }],
    ] as const) {
      const reader = await follow(client);
      expect((await cite(client, await openConversation(client, about), [quote(symbol, 0)])).status).toBe(
        201,
      );
      await reader.until(({ events }) => events.some(isRestated));
      expect(told(reader)).toEqual([[correction, 'restated', 2, correction]]);
      reader.cut();
    }
  });

  it('is told to whoever comes back with any id from before, and to nobody behind it again', async () => {
    const { symbol, old, correction } = await corrected();
    await quoteOld(api, symbol, old);
    const first = await follow(api, `${correction}`);
    await first.until(({ events }) => events.some(isRestated));
    const [firstId] = first.events.filter(isRestated).map(({ id }) => id);
    first.cut();
    // Ids of messages are their client's, so in no order: the second is the smallest there is.
    const smallest = '00000000-0000-4000-8000-000000000000';
    const conversation = await openConversation(api, { asOf: old });
    expect((await cite(api, conversation, [quote(symbol, 0)], { id: smallest })).status).toBe(201);
    const again = await follow(api, firstId);
    await again.until(({ events }) => events.some(isRestated));
    expect(again.events.map(({ data }) => (data as RestatedData).messageId)).toEqual([smallest]);
    const [, second] = [firstId, again.events[0]?.id];
    again.cut();
    const next = revisionOf(await putClose(admin, { symbol, day: 1 }, '8'));
    const behind = await follow(api, second);
    await behind.until(({ events }) => events.length > 0);
    expect(behind.events.map(({ id }) => id)).toEqual([`${next}`]);
  });

  it('is listed since any revision from before it was stored, and not since a later one', async () => {
    const { symbol, old } = await corrected();
    const head = revisionOf(await putClose(admin, { symbol, day: 1 }, '8'));
    const before = new Date().toISOString();
    expect(await listed(api, head)).toEqual([]);
    const { id } = await quoteOld(api, symbol, old);
    for (const since of [0, old, head, before]) expect(await listed(api, since)).toEqual([id]);
    const later = revisionOf(await putClose(admin, { symbol, day: 1 }, '9'));
    expect(await listed(api, later)).toEqual([]);
  });

  it('is told once to a reader from the first revision on, and to an account that takes it over', async () => {
    const { symbol, old, correction } = await corrected();
    const visitor = service.visitor();
    const late = await quoteOld(visitor, symbol, old);
    const { symbol: other } = await stockWith(admin, '1');
    const message = (await cite(visitor, await openConversation(visitor), [quote(other, 0)]))
      .json as CitingMessage;
    const ended = revisionOf(await putClose(admin, { symbol: other, day: 0 }, '2'));
    const own = await quoteOld(api, symbol, old);
    const reader = await follow(api);
    await visitor.post('/v1/sessions', { json: { login: person.email, password: person.password } });
    await reader.until(({ events }) => events.filter(isRestated).length >= 2);
    const ofReader = reader.events.map(({ data }) => data as RestatedData);
    expect(new Map(ofReader.map(({ messageId, revision }) => [messageId, revision]))).toEqual(
      new Map([
        [late.id, correction],
        [message.id, ended],
      ]),
    );
    const all = await follow(api, '0');
    await all.until(({ events }) => events.filter(isRestated).length >= 3);
    const ids = all.events.filter(isRestated).map(({ data }) => (data as RestatedData).messageId);
    expect(ids.toSorted()).toEqual([late.id, message.id, own.id].toSorted());
  });

  it('has an id that can be named only once it was given', async () => {
    const { correction } = await corrected();
    const answer = await api.get('/v1/events', { headers: { 'last-event-id': `${correction}.late.999999` } });
    expect([answer.status, answer.json]).toMatchObject([400, { code: 'event-id-in-future' }]);
  });
});

describe('a quoted bar that is restated already', () => {
  it('is told again when it is corrected, withdrawn and brought back to what was quoted', async () => {
    const { symbol, revision } = await stockWith(admin, '1');
    const { id } = (await cite(api, await openConversation(api), [quote(symbol, 0)])).json as CitingMessage;
    const reader = await follow(api);
    const expected: (readonly unknown[])[] = [];
    const seen = async (change: Promise<number>, ...shown: readonly unknown[]): Promise<number> => {
      const at = await change;
      expected.push([at, ...shown, at]);
      await reader.until(({ events }) => events.filter(isRestated).length === expected.length);
      expect(told(reader)).toEqual(expected);
      expect(await listed(api, at - 1)).toEqual([id]);
      return at;
    };
    const put = async (close: string): Promise<number> =>
      revisionOf(await putClose(admin, { symbol, day: 0 }, close));
    await seen(put('2'), 'restated', 2);
    await seen(put('3'), 'restated', 3);
    const withdrawal = await seen(admin.delete(barPath(symbol, 0)).then(revisionOf), 'withdrawn', null);
    await seen(admin.post(`/v1/revisions/${withdrawal}/revert`).then(revisionOf), 'restated', 3);
    await seen(put('1'), 'restated', 1);
    expect(revision).toBeLessThan(withdrawal);
  });

  it('is told of each change since it was cited, when it had been restated even then', async () => {
    const { symbol, old, correction } = await corrected();
    const third = revisionOf(await putClose(admin, { symbol, day: 0 }, '3'));
    await quoteOld(api, symbol, old);
    const reader = await follow(api, `${old - 1}`);
    await reader.until(({ events }) => events.some(isRestated));
    const fourth = revisionOf(await putClose(admin, { symbol, day: 0 }, '4'));
    await reader.until(({ events }) => events.filter(isRestated).length >= 2);
    expect(told(reader)).toEqual([
      [correction, 'restated', 3, third],
      [fourth, 'restated', 4, fourth],
    ]);
    const types = reader.events.map(({ type }) => type);
    expect(types.lastIndexOf('revision.committed')).toBe(types.length - 2);
  });
});
