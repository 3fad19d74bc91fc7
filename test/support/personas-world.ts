import { randomBytes, randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { forkBranch, putClose, revisionOf } from '../factories/branches.js';
import { day } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from './api-client.js';
import { openSession, visitorHeaders, type Persona } from './personas.js';
import type { TestApp } from './test-app.js';

/** What parameters of operations name. A kind that is new in a path gets its word here. */
export type Thing =
  'user' | 'session' | 'credential' | 'conversation' | 'message' | 'symbol' | 'time' | 'revision' | 'branch';
export type Things = Readonly<Record<Thing, string>>;

/** Things that are one person's own; all others are there for whoever may call the operation. */
export const OWNED: ReadonlySet<Thing> = new Set([
  ...(['user', 'session', 'credential', 'conversation', 'message'] as const),
]);

/** Everybody who may ask. */
export const STRANGERS = [
  'another user',
  'administrator',
  'visitor',
  'revoked session',
  'no credentials',
] as const;
export type Stranger = (typeof STRANGERS)[number];

/** An owner with something of every kind, and all who may ask for it. */
export interface World {
  readonly owner: Persona;
  /** Signs in where an operation wants a password, so that nobody needs the owner's. */
  readonly bystander: Persona;
  readonly strangers: Readonly<Record<Stranger, ApiClient>>;
  /** What is there, the owner's own included. */
  readonly things: Things;
  /** A visitor who has what visitors can have; the rest of the things is the owner's. */
  readonly owningVisitor: ApiClient;
  readonly visitorsThings: Things;
  /** The same kinds, of which nothing is there. */
  readonly missing: Things;
  /** Texts that only stand in what is the owner's. */
  readonly marks: readonly string[];
  /** A text that nobody had before, sound as a name, a password and a key. */
  readonly fresh: () => string;
  readonly symbol: () => string;
}

const fresh = (): string => `n${randomBytes(9).toString('hex')}`;
const symbol = (): string => `S${randomBytes(4).toString('hex').toUpperCase()}`;

/**
 * Makes a world of its own: operations that end sessions or remove people leave all other worlds alone. **Shape**: without `market`
 * there is no stock, without `chat` no conversation, for operations that name none.
 */
export async function makeWorld(app: TestApp, { market = true, chat = true } = {}): Promise<World> {
  const owner = await app.signedIn('USER');
  const [other, administrator, bystander, revoked] = [
    await app.signedIn('USER'),
    await app.signedIn('SUPER_ADMIN'),
    await app.signedIn('USER'),
    await app.signedIn('USER'),
  ];
  await sound(revoked.api.delete('/v1/sessions/current'));
  const { id: session } = await openSession(app.app, owner.userId);
  const credential = fresh();
  const [label, apiKey] = [fresh(), fresh()];
  await sound(
    owner.api.put(`/v1/users/me/credentials/${credential}`, { json: { kind: 'api-key', apiKey, label } }),
  );
  // Of each list of one's own there are two, so that it has a second page.
  const second = { kind: 'api-key', apiKey: fresh() };
  await sound(owner.api.put(`/v1/users/me/credentials/${fresh()}`, { json: second }));
  await sound(owner.api.patch('/v1/users/me/settings', { json: { timezone: 'Pacific/Chatham' } }));
  const content = fresh();
  const owningVisitor = app.stranger.with(visitorHeaders());
  const talk = async (api: ApiClient): Promise<Talk> => (chat ? makeTalk(api, content) : SILENCE);
  const shared = market ? await makeMarket(app.api) : NOTHING;
  const things = {
    ...{ user: owner.userId, session, credential },
    ...shared,
    ...(await talk(owner.api)),
  };
  return {
    owner,
    bystander,
    strangers: {
      'another user': other.api,
      administrator: administrator.api,
      visitor: app.stranger.with(visitorHeaders()),
      'revoked session': revoked.api,
      'no credentials': app.stranger,
    },
    things,
    owningVisitor,
    visitorsThings: { ...things, ...(await talk(owningVisitor)) },
    missing: { ...NOTHING, user: uuidv7(), session: uuidv7(), credential: fresh() },
    marks: [
      ...[owner.userId, owner.email, owner.username, owner.sessionId, session, owner.token],
      ...[label, apiKey, content],
    ],
    fresh,
    symbol,
  };
}

type Talk = Pick<Things, 'conversation' | 'message'>;

const SILENCE: Talk = {
  conversation: '01900000-0000-7000-8000-00000000000c',
  message: '01900000-0000-7000-8000-00000000000d',
};
const NOTHING = {
  ...{ symbol: 'NOTHING', time: '1999-12-31', revision: '999999999', branch: 'nothing' },
  ...SILENCE,
};

/** What all messages of worlds hold, so that each owner finds their own by it. */
export const COMMON_WORD = 'rutabaga';
export const COMMON_URL = 'https://example.com/isolation';

/** Two conversations, one with two messages; of each list there are two, so that it has a second page. */
async function makeTalk(api: ApiClient, content: string): Promise<Talk> {
  const begin = async (): Promise<string> => {
    const begun = await sound(api.post('/v1/conversations', { json: { title: content } }));
    return (begun.json as { id: string }).id;
  };
  await begin();
  const conversation = await begin();
  const json = {
    ...{ role: 'user', content: `${content} ${COMMON_WORD}` },
    citations: [{ type: 'url', url: COMMON_URL, title: content }],
  };
  const append = (): Promise<ApiAnswer> =>
    sound(api.post(`/v1/conversations/${conversation}/messages`, { json }));
  await append();
  return { conversation, message: ((await append()).json as { id: string }).id };
}

/** A stock with a bar, and a branch that changed it. */
async function makeMarket(
  admin: ApiClient,
): Promise<Pick<Things, 'symbol' | 'time' | 'revision' | 'branch'>> {
  const made = await trackStock(admin, symbol());
  const revision = revisionOf(await importCsv(admin, made, `date,close\n${day(0)},1\n${day(1)},2\n`));
  const branch = await forkBranch(admin, { name: `b-${randomUUID()}` });
  await sound(putClose(admin, { symbol: made, day: 1, branch }, 3));
  return { symbol: made, time: day(0), revision: String(revision), branch };
}

/** **Errors**: when what a test needs was refused. */
async function sound(call: Promise<ApiAnswer>): Promise<ApiAnswer> {
  const answer = await call;
  if (answer.status >= 300) throw new Error(`the world could not be made: ${answer.text}`);
  return answer;
}
