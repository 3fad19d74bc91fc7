import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { recordStatements, type SentStatement } from '../integration/database/isolation-statements.js';
import type { ApiAnswer } from '../support/api-client.js';
import { asOwner } from '../support/sql.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Secrets that nobody else could have made up. What somebody searches for is theirs alone in logs, and in statements of course. */
const CANARIES = {
  password: 'canary-of-a-password-5b1e',
  newPassword: 'canary-of-a-new-password-9c2d',
  wrongPassword: 'canary-of-a-wrong-password-77aa',
  apiKey: 'canary-of-an-api-key-31f0',
  accessToken: 'canary-of-an-access-token-0d4c',
  refreshToken: 'canary-of-a-refresh-token-e6b8',
  bearer: 'canary-of-a-bearer-token-42d9',
  query: 'canaryofasearch8f3a',
  visitor: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
} as const;
const ALL: readonly string[] = Object.values(CANARIES);

let app: TestApp;
let logged = '';
let statements: readonly SentStatement[] = [];
let tokens: readonly string[] = [];
const answers: ApiAnswer[] = [];
const { write } = fs;

/** The service's log is written behind the event loop's back, straight to the descriptor. */
function keepLog(): void {
  const kept = (fd: number, data: unknown, ...rest: unknown[]): void => {
    if (fd !== 1) return (write as (...args: unknown[]) => void)(fd, data, ...rest);
    const text = Buffer.isBuffer(data) ? data.toString() : String(data);
    logged += text;
    const done = rest.at(-1) as (error: null, written: number) => void;
    setImmediate(() => done(null, Buffer.byteLength(text)));
  };
  fs.write = kept as typeof fs.write;
}

beforeAll(async () => {
  keepLog();
  app = await startTestApp({ env: { STOCKROOM_LOG_LEVEL: 'trace', STOCKROOM_LOG_FORMAT: 'json' } });
  statements = await recordStatements(useEverySecret);
});
afterAll(async () => {
  await app.close();
  fs.write = write;
});

const ask = async (answer: Promise<ApiAnswer>): Promise<ApiAnswer> => {
  answers.push(await answer);
  return answer;
};

/** Every operation that takes a secret, and every way that it can go wrong. */
async function useEverySecret(): Promise<void> {
  const { stranger } = app;
  const { password, newPassword, wrongPassword, apiKey, accessToken, refreshToken } = CANARIES;
  const person = { email: 'canary@example.com', username: 'canary' };
  const visitor = { headers: { 'x-session-id': CANARIES.visitor } };
  await ask(stranger.post('/v1/users', { json: { ...person, password } }));
  await ask(stranger.get('/v1/stocks', visitor));
  const signIn = { login: person.email, password };
  const opened = (await ask(stranger.post('/v1/sessions', { json: signIn, ...visitor }))).json as {
    token: string;
  };
  const own = stranger.as(opened.token);
  await ask(stranger.post('/v1/sessions', { json: { ...signIn, password: wrongPassword } }));
  const rotated = (await ask(own.post('/v1/sessions/current/rotate'))).json as { token: string };
  const self = stranger.as(rotated.token);
  tokens = [opened.token, rotated.token].map((token) => token.slice(-30));
  await ask(own.get('/v1/users/me'));
  await ask(stranger.as(CANARIES.bearer).get('/v1/users/me'));
  await ask(stranger.get('/v1/users/me', { headers: { authorization: `Basic ${CANARIES.bearer}` } }));
  const credentials = '/v1/users/me/credentials';
  await ask(self.put(`${credentials}/one`, { json: { kind: 'api-key', apiKey } }));
  await ask(self.put(`${credentials}/two`, { json: { kind: 'oauth', accessToken, refreshToken } }));
  await ask(self.post(`${credentials}/one/reveal`));
  // What is wrong is said without saying what was sent.
  await ask(self.put(`${credentials}/three`, { json: { kind: 'api-key', apiKey: { is: apiKey } } }));
  await ask(self.put(`${credentials}/three`, { json: { kind: 'api-key', accessToken } }));
  await ask(self.put(`${credentials}/three`, { body: `{"apiKey":"${apiKey}"`, type: 'application/json' }));
  await ask(self.put(`${credentials}/three`, { body: apiKey, type: 'text/plain' }));
  await ask(stranger.post('/v1/users', { json: { ...person, password: `${password}\u0000` } }));
  await ask(stranger.post('/v1/users', { json: { ...person, password: password.repeat(9) } }));
  await ask(stranger.post('/v1/users', { json: { ...person, password, extra: password } }));
  const change = { currentPassword: wrongPassword, newPassword };
  await ask(self.put('/v1/users/me/password', { json: change }));
  await ask(self.get('/v1/messages/search', { query: { q: CANARIES.query } }));
  await asOwner(app.db, 'alter table external_credentials rename to hidden');
  await ask(self.put(`${credentials}/one`, { json: { kind: 'api-key', apiKey } }));
  await asOwner(app.db, 'alter table hidden rename to external_credentials');
  await ask(self.put('/v1/users/me/password', { json: { ...change, currentPassword: password } }));
}

/** **Errors**: only the time limit of the test, when it never is. */
async function untilLogged(text: string): Promise<void> {
  while (!logged.includes(text)) await sleep(20);
}

/** Secrets that a text tells. */
const told = (text: string, secrets = [...ALL, ...tokens]): readonly string[] =>
  secrets.filter((secret) => text.includes(secret));

describe('a secret', () => {
  it('was accepted where it is one, and refused in every way', () => {
    const statuses = answers.map(({ status }) => status);
    for (const status of [200, 201, 204, 400, 401, 415, 500]) expect(statuses).toContain(status);
  });

  it('stands in no log line, whatever the level', async () => {
    await app.stranger.get('/v1/stocks', { headers: { 'x-request-id': 'the-last-one' } });
    await untilLogged('the-last-one');
    expect(logged.split('\n').length).toBeGreaterThan(answers.length);
    expect(told(logged)).toEqual([]);
  });

  it('stands in no refusal and no error', () => {
    const refusals = answers.filter(({ status }) => status >= 400);
    expect(refusals.length).toBeGreaterThan(10);
    for (const { text, headers } of refusals)
      expect(told([text, ...[...headers].flat()].join('\n'))).toEqual([]);
  });

  it('is in no statement, neither in its text nor as a value, so that no log or statistic of the database has it', async () => {
    const searched = new Set<string>([CANARIES.query]);
    const secrets = [...ALL, ...tokens].filter((secret) => !searched.has(secret));
    expect(statements.length).toBeGreaterThan(30);
    for (const { text, values } of statements)
      expect(told(`${text} ${JSON.stringify(values)}`, secrets)).toEqual([]);
    expect(told(JSON.stringify(await storedRows(app.db.superuser)), secrets)).toEqual([]);
  });

  it('control: one that is logged in clear is found', async () => {
    new Logger('Control').warn({ msg: CANARIES.password });
    await untilLogged(CANARIES.password);
    expect(told(logged)).toEqual([CANARIES.password]);
  });
});
