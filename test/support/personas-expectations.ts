import { PERSONA_PASSWORD } from './personas.js';
import { COMMON_URL, COMMON_WORD, type Thing, type World } from './personas-world.js';

/** Who may call an operation: anybody, whoever has a session (a visitor too), whoever signed in, or administrators. */
export type Who = 'anyone' | 'session' | 'people' | 'administrators';

/** What is expected of one operation, and how a sound call of it looks. */
export interface Expectation {
  readonly who: Who;
  /** The thing that each parameter of the path names. */
  readonly path: Readonly<Record<string, Thing>>;
  readonly query: Readonly<Record<string, string>>;
  /** Makes the JSON body of a sound call. */
  readonly json: ((world: World) => unknown) | undefined;
  /** A list of one's own things: a cursor of the owner's list gives a stranger nothing but their own. */
  readonly ownList: boolean;
  /** An answer without end, of which the beginning is looked at. */
  readonly endless: boolean;
}

type Said = Partial<Omit<Expectation, 'who'>>;

const rule =
  (who: Who) =>
  (said: Said = {}): Expectation => ({
    ...{ path: {}, query: {}, json: undefined, ownList: false, endless: false, ...said },
    who,
  });
const anyone = rule('anyone');
const session = rule('session');
const people = rule('people');
const administrators = rule('administrators');

const stock = { symbol: 'symbol' } as const;
const bar = { symbol: 'symbol', time: 'time' } as const;
const branch = { name: 'branch' } as const;
const revision = { id: 'revision' } as const;
const provider = { provider: 'credential' } as const;
const user = { id: 'user' } as const;
const conversation = { id: 'conversation' } as const;
const message = { id: 'conversation', messageId: 'message' } as const;

/**
 * Every operation of the OpenAPI document, one line each: who may call it, and which things its parameters name. Whether a thing
 * is somebody's own stands in `OWNED`; from both follows what each persona must be answered.
 *
 * A new operation needs its line here and nothing else, unless it names a new kind of thing: that is a word in `Thing` and a
 * line where things are made, in `personas-world.ts`.
 */
export const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  livez: anyone(),
  readyz: anyone(),
  startupz: anyone(),
  getHealth: administrators(),
  listAuditEvents: administrators(),

  signIn: anyone({ json: ({ bystander: { email, password } }) => ({ login: email, password }) }),
  listSessions: people({ ownList: true }),
  endOtherSessions: people(),
  getCurrentSession: session(),
  signOut: session(),
  rotateSession: people(),
  endSession: people({ path: { id: 'session' } }),

  register: anyone({
    json: ({ fresh }) => ({ email: `${fresh()}@example.com`, username: fresh(), password: fresh() }),
  }),
  listUsers: administrators({ query: { include: 'sessions' } }),
  getUser: administrators({ path: user }),
  updateUser: administrators({ path: user, json: ({ fresh }) => ({ username: fresh() }) }),
  removeUser: administrators({ path: user }),
  endSessions: administrators({ path: user }),

  getMe: people(),
  updateMe: people({ json: ({ fresh }) => ({ username: fresh() }) }),
  removeMe: people(),
  getSettings: people(),
  updateSettings: people({ json: () => ({ timezone: 'Europe/Berlin' }) }),
  changePassword: people({
    json: ({ fresh }) => ({ currentPassword: PERSONA_PASSWORD, newPassword: fresh() }),
  }),

  listCredentials: people({ ownList: true }),
  getCredential: people({ path: provider }),
  storeCredential: people({
    path: provider,
    json: () => ({ kind: 'api-key', apiKey: 'a key of whoever asks' }),
  }),
  deleteCredential: people({ path: provider }),
  revealCredential: people({ path: provider }),

  createStock: administrators({ json: ({ symbol }) => ({ symbol: symbol() }) }),
  listStocks: session(),
  getStock: session({ path: stock }),
  updateStock: administrators({ path: stock, json: () => ({ name: 'A name' }) }),
  deleteStock: administrators({ path: stock }),
  readBars: session({ path: stock }),
  importStockData: administrators({ path: stock, json: () => [{ date: '2024-02-01', close: '7' }] }),
  importManyStocks: administrators({
    query: { track: 'true' },
    json: ({ symbol }) => [{ symbol: symbol(), date: '2024-02-01', close: '7' }],
  }),
  readBar: session({ path: bar }),
  correctBar: administrators({ path: bar, json: () => ({ close: '9' }) }),
  withdrawBar: administrators({ path: bar }),
  readBarVersions: session({ path: bar }),

  listRevisions: session(),
  getRevision: session({ path: revision }),
  listRevisionChanges: session({ path: revision }),
  revertRevision: administrators({ path: revision, json: () => ({}) }),
  createBranch: administrators({ json: ({ fresh }) => ({ name: fresh() }) }),
  listBranches: session(),
  getBranch: session({ path: branch }),
  discardBranch: administrators({ path: branch }),
  listBranchChanges: session({ path: branch }),
  mergeBranch: administrators({ path: branch, json: () => ({}) }),

  createConversation: session({ json: ({ fresh }) => ({ title: fresh() }) }),
  listConversations: session({ ownList: true }),
  getConversation: session({ path: conversation }),
  changeConversation: session({ path: conversation, json: ({ fresh }) => ({ title: fresh() }) }),
  deleteConversation: session({ path: conversation }),
  forkConversation: session({ path: conversation, json: () => ({ atSeq: 1 }) }),
  appendMessage: session({ path: conversation, json: ({ fresh }) => ({ role: 'user', content: fresh() }) }),
  exportConversation: session({ path: conversation }),
  listMessages: session({ path: conversation }),
  getMessage: session({ path: message }),
  redactMessage: session({ path: message }),
  searchMessages: session({ query: { q: COMMON_WORD }, ownList: true }),
  listCitingMessages: session({ query: { 'citation.url': COMMON_URL }, ownList: true }),
  listRestatedCitations: session(),
  followEvents: session({ endless: true }),
  listAffectedCitations: administrators({ path: revision }),
};
