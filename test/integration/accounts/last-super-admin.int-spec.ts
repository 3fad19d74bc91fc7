import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccountsService } from '../../../src/accounts/accounts.service.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { User } from '../../../src/users/user.entity.js';
import { UserRepository } from '../../../src/users/user.repository.js';
import { actor, storeUser, type StoredUser } from '../../factories/users.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let accounts: AccountsService;
let repository: UserRepository;

beforeAll(async () => {
  service = await startTestApp();
  accounts = service.app.get(AccountsService);
  repository = service.app.get(UserRepository, { strict: false });
});
afterAll(() => service.close());
beforeEach(() => withConnection(service.db.owner, (client) => client.query('delete from users')));
afterEach(() => {
  jest.restoreAllMocks();
});

const superAdmin = async (): Promise<StoredUser> => storeUser(service.db.owner, { role: 'SUPER_ADMIN' });

/** Ways to stop being a SUPER_ADMIN, each done to oneself. */
const EXITS = {
  demoted: async ({ id }: StoredUser) =>
    accounts.update({ actor: actor({ id }), targetId: id, ifMatch: undefined }, { role: 'USER' }),
  switchedOff: async ({ id }: StoredUser) =>
    accounts.update({ actor: actor({ id }), targetId: id, ifMatch: undefined }, { isActive: false }),
  deactivated: async ({ id }: StoredUser) =>
    accounts.deactivate({ actor: actor({ id }), targetId: id, ifMatch: undefined }),
  erased: async ({ id }: StoredUser) =>
    accounts.erase({ actor: actor({ id }), targetId: id, ifMatch: undefined }),
};
type Exit = keyof typeof EXITS;
const exits = Object.keys(EXITS) as Exit[];

async function left(): Promise<number> {
  return withConnection(service.db.owner, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::integer as count from users where role = 'SUPER_ADMIN' and is_active`,
    );
    return rows[0]?.count ?? 0;
  });
}

const codesOf = (outcomes: readonly PromiseSettledResult<unknown>[]): readonly string[] =>
  outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? 'done' : String((outcome.reason as { code?: string }).code),
  );

/** Lets whoever counted the SUPER_ADMINs think about it, so that two who count at once meet. */
function thinkAfterCounting(count: UserRepository['lockSuperAdmins']): void {
  jest.spyOn(repository, 'lockSuperAdmins').mockImplementation(async (em) => {
    const found = await count(em);
    await sleep(100);
    return found;
  });
}

describe('the last active SUPER_ADMIN', () => {
  it.each(exits)('cannot be %s', async (exit) => {
    const last = await superAdmin();
    await storeUser(service.db.owner, { role: 'SUPER_ADMIN', isActive: false });
    await storeUser(service.db.owner, { role: 'ADMIN' });
    await expect(EXITS[exit](last)).rejects.toMatchObject({ code: 'last-super-admin', kind: 'refused' });
    expect(await left()).toBe(1);
  });

  it.each(exits)('can be %s once there is another one', async (exit) => {
    const [first] = [await superAdmin(), await superAdmin()];
    await EXITS[exit](first);
    expect(await left()).toBe(1);
  });

  it('may change email and username all the same', async () => {
    const { id } = await superAdmin();
    const change = { actor: actor({ id }), targetId: id, ifMatch: undefined };
    const { user } = await accounts.update(change, { email: 'other@example.com', role: 'SUPER_ADMIN' });
    expect(user).toMatchObject({ email: 'other@example.com', role: 'SUPER_ADMIN' });
  });
});

describe('the last two SUPER_ADMINs', () => {
  const pairs = exits.flatMap((one) => exits.map((other) => [one, other] as const));

  it.each(pairs)('cannot go at the same time: one is %s, the other not %s', async (one, other) => {
    const people = [await superAdmin(), await superAdmin()] as const;
    thinkAfterCounting(repository.lockSuperAdmins.bind(repository));
    const outcomes = await Promise.allSettled([EXITS[one](people[0]), EXITS[other](people[1])]);
    expect([...codesOf(outcomes)].sort()).toEqual(['done', 'last-super-admin']);
    expect(await left()).toBe(1);
  });

  it('would both go if they were counted and not locked', async () => {
    const people = [await superAdmin(), await superAdmin()] as const;
    thinkAfterCounting(async (em) => {
      const found = await em.find(User, { role: 'SUPER_ADMIN', isActive: true }, { orderBy: { id: 'asc' } });
      return found.map(({ id }) => id);
    });
    const outcomes = await Promise.allSettled(people.map(EXITS.demoted));
    expect(codesOf(outcomes)).toEqual(['done', 'done']);
    expect(await left()).toBe(0);
  });

  it('cannot both demote the other', async () => {
    const [one, other] = [await superAdmin(), await superAdmin()];
    const demote = async (by: StoredUser, whom: StoredUser) =>
      accounts.update({ actor: actor(by), targetId: whom.id, ifMatch: undefined }, { role: 'USER' });
    const outcomes = await Promise.allSettled([demote(one, other), demote(other, one)]);
    expect([...codesOf(outcomes)].sort()).toEqual(['done', 'role-too-low']);
    expect(await left()).toBe(1);
  });
});

describe('ten SUPER_ADMINs', () => {
  it('all leave at once, in whatever way, and one is left', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, superAdmin));
    const outcomes = await Promise.allSettled(
      people.map(async (person, index) => EXITS[exits[index % exits.length] ?? 'demoted'](person)),
    );
    const codes = codesOf(outcomes);
    expect([...codes].sort()).toEqual([...Array<string>(9).fill('done'), 'last-super-admin']);
    expect(await left()).toBe(1);
  });
});
