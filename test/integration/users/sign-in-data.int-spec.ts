import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/postgresql';
import { withConnection } from '../../../src/database/direct-connection.js';
import { NOBODY, UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { PasswordService } from '../../../src/users/password.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { PASSWORD, storeUser } from '../../factories/users.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let users: UsersService;
let passwords: PasswordService;

beforeAll(async () => {
  service = await startTestApp();
  users = service.app.get(UsersService);
  passwords = service.app.get(PasswordService, { strict: false });
});
afterAll(() => service.close());

async function storedHash(id: string): Promise<string> {
  return withConnection(service.db.owner, async (client) => {
    const { rows } = await client.query<{ password_hash: string }>(
      'select password_hash from users where id = $1',
      [id],
    );
    return rows[0]?.password_hash ?? '';
  });
}

describe('login and password', () => {
  it('are known by email and by username, in any case', async () => {
    const user = await storeUser(service.db.owner, { username: 'Ada.L', email: 'Ada@Example.com' });
    for (const login of ['Ada@Example.com', 'ada@example.COM', 'Ada.L', 'ADA.l'])
      expect(await users.authenticate(login, PASSWORD)).toMatchObject({ id: user.id, role: 'USER' });
  });

  it('are nobody’s when one of them is wrong, or the person is not active', async () => {
    const active = await storeUser(service.db.owner);
    const inactive = await storeUser(service.db.owner, { isActive: false });
    expect(await users.authenticate(active.email, `${PASSWORD}.`)).toBeNull();
    expect(await users.authenticate(active.email, '')).toBeNull();
    expect(await users.authenticate('nobody@example.com', PASSWORD)).toBeNull();
    expect(await users.authenticate('', PASSWORD)).toBeNull();
    expect(await users.authenticate('%', PASSWORD)).toBeNull();
    expect(await users.authenticate(inactive.email, PASSWORD)).toBeNull();
  });

  it('are the same however an accent is typed', async () => {
    const passwordHash = await passwords.hash('caf\u00e9 con leche 7');
    const { email } = await storeUser(service.db.owner, { passwordHash });
    expect(await users.authenticate(email, 'cafe\u0301 con leche 7')).not.toBeNull();
  });

  it('are nobody’s when no account could have them', async () => {
    const { email } = await storeUser(service.db.owner);
    expect(await users.authenticate(email, 'x'.repeat(10_000))).toBeNull();
    expect(await users.authenticate(email, `${PASSWORD}\0`)).toBeNull();
    expect(await users.authenticate(`${'x'.repeat(10_000)}@example.com`, PASSWORD)).toBeNull();
    expect(await users.authenticate('no\0body', PASSWORD)).toBeNull();
  });

  it('take a weak hash for what it is, and leave the person with one of today’s', async () => {
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    const { id, email } = await storeUser(service.db.owner, { passwordHash: weak });
    expect(await users.authenticate(email, 'wrong')).toBeNull();
    expect(await storedHash(id)).toBe(weak);
    const signedIn = await users.authenticate(email, PASSWORD);
    const renewed = await storedHash(id);
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(signedIn?.proof).toBe(renewed);
    expect(await users.authenticate(email, PASSWORD)).toMatchObject({ id, proof: renewed });
  });

  it('let somebody in whose weak hash cannot be replaced', async () => {
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    const { id, email } = await storeUser(service.db.owner, { passwordHash: weak });
    const broken = jest.spyOn(passwords, 'hash').mockRejectedValue(new Error('no thread left'));
    expect(await users.authenticate(email, PASSWORD)).toMatchObject({ id, proof: weak });
    broken.mockRestore();
  });

  it('keep a hash that was changed while the old one was being replaced', async () => {
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    const { id, email } = await storeUser(service.db.owner, { passwordHash: weak });
    const chosen = await passwords.hash('another password, chosen meanwhile');
    const slow = jest.spyOn(passwords, 'isOutdated').mockImplementationOnce(() => true);
    const changed = withConnection(service.db.owner, (client) =>
      client.query('update users set password_hash = $2 where id = $1', [id, chosen]),
    );
    const [, signedIn] = await Promise.all([changed, users.authenticate(email, PASSWORD)]);
    slow.mockRestore();
    expect(await storedHash(id)).toBe(chosen);
    // Too late for a session: what was shown is not the password any more.
    const open = (em: EntityManager) =>
      signedIn === null ? Promise.resolve(false) : users.confirm(em, signedIn);
    expect(await service.app.get(UnitOfWork).run(NOBODY, open)).toBe(false);
  });

  it('hold only as long as the person is active', async () => {
    const { id, email } = await storeUser(service.db.owner);
    const signedIn = await users.authenticate(email, PASSWORD);
    if (signedIn === null) throw new Error('should have been let in');
    const confirmed = () =>
      service.app.get(UnitOfWork).run(NOBODY, async (em) => users.confirm(em, signedIn));
    expect(await confirmed()).toBe(true);
    await withConnection(service.db.owner, (client) =>
      client.query('update users set is_active = false where id = $1', [id]),
    );
    expect(await confirmed()).toBe(false);
  });
});

describe('a burst', () => {
  it('waits in line two at a time, and is told to come back when the line is too long', async () => {
    const { email } = await storeUser(service.db.owner);
    const burst = await Promise.allSettled(
      Array.from({ length: 260 }, async () => users.authenticate(email, 'wrong password')),
    );
    const refused = burst.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const outcome of refused)
      expect(outcome).toMatchObject({
        reason: { code: 'passwords-busy', extra: { retryAfterSeconds: expect.any(Number) } },
      });
    expect(await users.authenticate(email, PASSWORD)).not.toBeNull();
  });
});
