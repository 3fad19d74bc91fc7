import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AccountsService } from '../../../src/accounts/accounts.service.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import { SignInService } from '../../../src/sessions/sign-in.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { actor, ORIGIN, PASSWORD, storeUser, type StoredUser } from '../../factories/users.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let accounts: AccountsService;
let users: UsersService;

beforeAll(async () => {
  service = await startTestApp();
  accounts = service.app.get(AccountsService);
  users = service.app.get(UsersService);
});
afterAll(() => service.close());
afterEach(() => {
  jest.restoreAllMocks();
});

/** What takes a password its worth. */
const ENDS = {
  'the password was changed': async (person: StoredUser) =>
    accounts.changePassword(actor(person), {
      currentPassword: PASSWORD,
      newPassword: 'another 7 words of no use',
    }),
  'the person was deactivated': async (person: StoredUser) =>
    accounts.deactivate({
      actor: actor({ id: service.admin.userId }),
      targetId: person.id,
      ifMatch: undefined,
    }),
};

/** Signs in; between the check of the password and the session something else happens. */
async function signInAround(person: StoredUser, meanwhile: () => Promise<unknown>, asks: boolean) {
  const confirm = users.confirm.bind(users);
  jest.spyOn(users, 'confirm').mockImplementation(async (em, shown) => {
    await meanwhile();
    return asks ? confirm(em, shown) : true;
  });
  const signIn = { login: person.email, password: PASSWORD, visitorId: null, origin: ORIGIN };
  const [outcome] = await Promise.allSettled([service.app.get(SignInService).signIn(signIn)]);
  const live = await service.app.get(SessionsService).liveOf([person.id]);
  return { status: outcome.status, live: live.get(person.id)?.length };
}

describe('a sign-in that has shown the password and has no session yet', () => {
  it('gets one when nothing happens', async () => {
    const person = await storeUser(service.db.owner);
    const signedIn = await signInAround(person, async () => undefined, true);
    expect(signedIn).toEqual({ status: 'fulfilled', live: 1 });
  });

  it.each(Object.entries(ENDS))('gets none when meanwhile %s', async (_, end) => {
    const person = await storeUser(service.db.owner);
    const signedIn = await signInAround(person, async () => end(person), true);
    expect(signedIn).toEqual({ status: 'rejected', live: 0 });
  });

  it('would get one that outlives the password if nobody asked again', async () => {
    const person = await storeUser(service.db.owner);
    const change = ENDS['the password was changed'];
    const signedIn = await signInAround(person, async () => change(person), false);
    expect(signedIn).toEqual({ status: 'fulfilled', live: 1 });
  });
});
