import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openSession, visitorHeaders } from '../support/personas.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

it('of 101 live sessions of a person the oldest ends', async () => {
  const first = await app.signedIn('USER');
  const second = await openSession(app.app, first.userId);
  for (let count = 2; count < 100; count++) await openSession(app.app, first.userId);
  expect((await first.api.get('/v1/sessions/current')).status).toBe(200);
  await openSession(app.app, first.userId);
  expect((await first.api.get('/v1/sessions/current')).status).toBe(401);
  expect((await app.stranger.as(second.token).get('/v1/sessions/current')).status).toBe(200);
});

it('a visitor’s id that an account took over stays dead when the account is erased, and names nobody', async () => {
  const person = await app.signedIn('USER');
  const headers = visitorHeaders();
  const visitor = app.stranger.with(headers);
  expect((await visitor.get('/v1/stocks')).status).toBe(200);
  const json = { login: person.email, password: person.password };
  expect((await visitor.post('/v1/sessions', { json })).status).toBe(201);
  expect((await person.api.delete('/v1/users/me', { query: { erase: true } })).status).toBe(204);
  expect((await visitor.get('/v1/stocks')).status).toBe(401);
  const left = await asOwner(
    app.db,
    'select claimed_by, address, user_agent from sessions where user_id is null',
  );
  expect(left).toEqual([{ claimed_by: null, address: null, user_agent: null }]);
});

it('who asks is told with an ETag, and not told again while it is the same', async () => {
  const { api } = await app.signedIn('USER');
  const etag = (await api.get('/v1/sessions/current')).headers.get('etag') ?? '';
  expect(etag).toMatch(/^".+"$/);
  const again = await api.get('/v1/sessions/current', { headers: { 'if-none-match': etag } });
  expect([again.status, again.text]).toEqual([304, '']);
});
