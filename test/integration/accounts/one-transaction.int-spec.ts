import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AccountsService } from '../../../src/accounts/accounts.service.js';
import { RegisterAccountService } from '../../../src/accounts/register-account.service.js';
import { AuditService } from '../../../src/audit/audit.service.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import type { NewAccount } from '../../../src/users/account-fields.types.js';
import { actor, newAccount, ORIGIN, PASSWORD } from '../../factories/users.js';
import { storedRows } from '../../support/stored-rows.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import type { Persona } from '../../support/personas.js';

let service: TestApp;
let accounts: AccountsService;
let person: Persona;

beforeAll(async () => {
  service = await startTestApp();
  accounts = service.app.get(AccountsService);
  person = await service.signedIn('USER');
});
afterAll(() => service.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const broken = new Error('broken on purpose');

/** What is done to people and sessions together, and what of it fails last. */
const DEEDS: Readonly<Record<string, { fail: () => unknown; act: () => Promise<unknown> }>> = {
  'registering with a session': {
    fail: () => jest.spyOn(service.app.get(SessionsService), 'open').mockRejectedValue(broken),
    act: async () =>
      service.app.get(RegisterAccountService).register({
        account: newAccount() as NewAccount,
        withSession: true,
        visitorId: null,
        origin: ORIGIN,
      }),
  },
  deactivating: {
    fail: () => jest.spyOn(service.app.get(SessionsService), 'endAllOf').mockRejectedValue(broken),
    act: async () => accounts.deactivate({ actor: rootActor(), targetId: person.userId, ifMatch: undefined }),
  },
  'changing a password': {
    fail: () => jest.spyOn(service.app.get(SessionsService), 'endAllOf').mockRejectedValue(broken),
    act: async () =>
      accounts.changePassword(actor({ id: person.userId }), {
        currentPassword: person.password,
        newPassword: `${PASSWORD} of today`,
      }),
  },
  'changing a role': {
    fail: failToRecord,
    act: async () =>
      accounts.update({ actor: rootActor(), targetId: person.userId, ifMatch: undefined }, { role: 'ADMIN' }),
  },
  erasing: {
    fail: failToRecord,
    act: async () => accounts.erase({ actor: rootActor(), targetId: person.userId, ifMatch: undefined }),
  },
  'ending sessions': {
    fail: failToRecord,
    act: async () => accounts.endSessions(rootActor(), person.userId),
  },
};

function rootActor() {
  return actor({ id: service.admin.userId });
}

function failToRecord() {
  return jest.spyOn(service.app.get(AuditService), 'record').mockImplementation(() => {
    throw broken;
  });
}

async function stored() {
  const { users, sessions, audit_events } = await storedRows(service.db.owner);
  return { users, sessions, audit_events };
}

describe('what is done to a person', () => {
  it.each(Object.keys(DEEDS))('is done as a whole or not at all: %s', async (name) => {
    const deed = DEEDS[name];
    if (deed === undefined) throw new Error(name);
    const before = await stored();
    deed.fail();
    await expect(deed.act()).rejects.toBe(broken);
    expect(await stored()).toEqual(before);
    jest.restoreAllMocks();
    await deed.act();
    const after = await stored();
    expect(after.audit_events).not.toEqual(before.audit_events);
    // The person is needed by the deeds that follow.
    person = await service.signedIn('USER');
  });
});
