import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/postgresql';
import { UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import { SignInService } from '../../../src/sessions/sign-in.service.js';
import { VisitorClaims } from '../../../src/sessions/visitor-claims.service.js';
import { TEST_ORIGIN, type Persona } from '../../support/personas.js';
import { asOwner } from '../../support/sql.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

/** A table that a feature of a higher rank might have: rows of a person or of a visitor, guarded by the database. */
const TABLE = `
  create table notes (
    text text not null,
    user_id uuid references users (id),
    visitor_id uuid references sessions (id)
  );
  alter table notes enable row level security;
  alter table notes force row level security;
  create policy notes_own on notes to stockroom_app
    using (
      user_id = nullif(current_setting('stockroom.user_id', true), '')::uuid
      or visitor_id = nullif(current_setting('stockroom.visitor_id', true), '')::uuid
    );
  create policy notes_owner on notes to stockroom_owner using (true);
  grant select, insert, update on notes to stockroom_app`;

let app: TestApp;
let user: Persona;
let failure: Error | null = null;
let moves = 0;
beforeAll(async () => {
  app = await startTestApp();
  user = await app.signedIn('USER');
  await asOwner(app.db, TABLE);
  app.app.get(VisitorClaims).register('notes', async (em: EntityManager, { visitorId, userId }) => {
    moves++;
    await em.execute('update notes set user_id = ?, visitor_id = null where visitor_id = ?', [
      userId,
      visitorId,
    ]);
    if (failure !== null) throw failure;
  });
});
beforeEach(() => {
  failure = null;
  moves = 0;
});
afterAll(() => app.close());

/** A visitor with two notes. */
async function visitorWithNotes(): Promise<{ readonly clientId: string; readonly visitorId: string }> {
  const clientId = randomUUID();
  const visitorId = (await app.app.get(SessionsService).visitorToClaim(clientId, TEST_ORIGIN)) ?? '';
  const insert = 'insert into notes (text, visitor_id) values (?, ?), (?, ?)';
  await app.app
    .get(UnitOfWork)
    .run({ visitorId }, (em) => em.execute(insert, ['one', visitorId, 'two', visitorId]));
  return { clientId, visitorId };
}

const ownersOf = (visitorId: string, userId = user.userId): Promise<readonly object[]> =>
  asOwner(app.db, 'select text, user_id from notes where visitor_id = $1 or user_id = $2 order by text', [
    visitorId,
    userId,
  ]);

const signIn = (clientId: string, person = user) =>
  app.app
    .get(SignInService)
    .signIn({ login: person.email, password: person.password, visitorId: clientId, origin: TEST_ORIGIN });

describe('what a visitor owns', () => {
  it('becomes the account’s with the sign-in, whose transaction sees the rows of both', async () => {
    const person = await app.signedIn('USER');
    const { clientId, visitorId } = await visitorWithNotes();
    await signIn(clientId, person);
    expect(await ownersOf(visitorId, person.userId)).toEqual([
      { text: 'one', user_id: person.userId },
      { text: 'two', user_id: person.userId },
    ]);
    expect(moves).toBe(1);
  });

  it('is moved once, however many sign in at the same time or again', async () => {
    const { clientId } = await visitorWithNotes();
    await Promise.all([signIn(clientId), signIn(clientId), signIn(clientId)]);
    await signIn(clientId);
    expect(moves).toBe(1);
  });

  it('stays theirs when a part of the move fails: no session is opened either, and the next sign-in does it all', async () => {
    const person = await app.signedIn('USER');
    const { clientId, visitorId } = await visitorWithNotes();
    failure = new Error('no room');
    await expect(signIn(clientId, person)).rejects.toThrow('no room');
    expect(await ownersOf(visitorId, person.userId)).toEqual([
      { text: 'one', user_id: null },
      { text: 'two', user_id: null },
    ]);
    const sessions = await app.app.get(SessionsService).liveOf([person.userId]);
    expect(sessions.get(person.userId)).toHaveLength(1);
    failure = null;
    await signIn(clientId, person);
    expect(await ownersOf(visitorId, person.userId)).toMatchObject([
      { user_id: person.userId },
      { user_id: person.userId },
    ]);
  });

  it('is out of reach of everybody else meanwhile', async () => {
    const { visitorId } = await visitorWithNotes();
    const stranger = await app.signedIn('USER');
    const seen = await app.app
      .get(UnitOfWork)
      .run({ userId: stranger.userId }, (em) =>
        em.execute('select * from notes where visitor_id = ?', [visitorId]),
      );
    expect(seen).toEqual([]);
  });

  it('is moved by one function of each feature', () => {
    const claims = app.app.get(VisitorClaims);
    expect(() => claims.register('notes', async () => undefined)).toThrow(/notes/);
  });
});
