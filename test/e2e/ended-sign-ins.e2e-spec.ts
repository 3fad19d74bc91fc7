import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiAnswer } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { visitorHeaders, type Persona } from '../support/personas.js';

const POOL = { max: 3, acquireTimeoutMs: 2_000 };

let app: TestApp;
let user: Persona;
beforeAll(async () => {
  app = await startTestApp({ pool: POOL });
  user = await app.signedIn('USER');
  // The server ends the session that gives a visitor's conversation to an account.
  await asOwner(
    app.db,
    `do $do$ begin
      create function end_myself() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()), pg_sleep(60); return null; end $$;
      create trigger ends before update on conversations
        for each row when (new.user_id is not null and old.user_id is null) execute function end_myself();
    end $do$`,
  );
});
// Waits for every connection that is lent.
afterAll(() => app.close());

describe('a sign-in whose session the server ends while it takes a visitor over', () => {
  it('is refused, more often than there are connections, and done when it is sent again', async () => {
    const headers = visitorHeaders();
    const visitor = app.stranger.with(headers);
    const signIn = (): Promise<ApiAnswer> =>
      app.stranger.post('/v1/sessions', { json: { login: user.email, password: user.password }, headers });
    const made = await visitor.post('/v1/conversations', { json: { title: 'mine' } });
    expect(made.status).toBe(201);
    for (let round = 0; round < 2 * POOL.max; round++)
      expectRefused(await signIn(), 503, 'database-unavailable');
    await asOwner(app.db, 'drop trigger ends on conversations');
    expect((await signIn()).status).toBe(201);
    const { id } = made.json as { id: string };
    expect((await user.api.get(`/v1/conversations/${id}`)).status).toBe(200);
  });
});
