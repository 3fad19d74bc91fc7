import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { isSignedIn, signIn, storeUser, PASSWORD } from '../../factories/users.js';
import { buildOnce, databaseVariables, stockroom } from '../../support/command-line.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  buildOnce();
  // One database has one ring of keys. And commands must not care whether anybody may register.
  const shared = {
    ENCRYPTION_KEYS: `test-1:${generateSecret(32)}`,
    STOCKROOM_REGISTRATION_ENABLED: 'false',
  };
  service = await startTestApp({ env: shared });
  env = { ...databaseVariables(service.db), ...shared };
});
afterAll(() => service.close());

interface Created {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly role: 'USER';
  readonly password: string;
}

async function roleOf(id: string): Promise<unknown> {
  return withConnection(service.db.owner, async (client) => {
    const { rows } = await client.query<{ role: string }>('select role from users where id = $1', [id]);
    return rows[0]?.role;
  });
}

describe('users on the command line', () => {
  it('are created with a password that is shown once and works', async () => {
    const args = ['users', 'create', '--email', 'new@example.com', '--username', 'newcomer', '--json'];
    const { status, stdout, stderr } = await stockroom(args, { env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const created = JSON.parse(stdout) as Created;
    expect(
      await isSignedIn(service.stranger, await signIn(service.stranger, created, created.password)),
    ).toBe(true);
    expect(await roleOf(created.id)).toBe('USER');
  });

  it('get the role that is asked for, and no other than there are', async () => {
    const args = ['users', 'create', '--email', 'a@example.com', '--username', 'helper', '--json', '--role'];
    const { stdout } = await stockroom([...args, 'ADMIN'], { env });
    expect(await roleOf((JSON.parse(stdout) as Created).id)).toBe('ADMIN');
    const refused = await stockroom([...args, 'ROOT'], { env });
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('Allowed choices are USER, ADMIN, SUPER_ADMIN');
  });

  it('are refused with one line when the email is none or taken', async () => {
    const taken = await storeUser(service.db.owner);
    const create = async (email: string) =>
      stockroom(['users', 'create', '--email', email, '--username', 'somebody.else'], { env });
    for (const [email, words] of [
      ['nobody', 'email: must be an email address'],
      [taken.email.toUpperCase(), 'This email is taken.'],
    ] as const) {
      const { status, stdout, stderr } = await create(email);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain(words);
      expect(stderr).not.toContain('    at ');
    }
  });

  it('who lost their password get another one, and are signed out everywhere', async () => {
    const person = await storeUser(service.db.owner);
    const before = await signIn(service.stranger, person);
    const args = ['users', 'reset-password', person.username.toUpperCase(), '--json'];
    const { status, stdout } = await stockroom(args, { env });
    expect(status).toBe(0);
    const { id, password } = JSON.parse(stdout) as { id: string; password: string };
    expect(id).toBe(person.id);
    expect(await isSignedIn(service.stranger, before)).toBe(false);
    await expect(signIn(service.stranger, person, PASSWORD)).rejects.toThrow('sign-in-failed');
    expect(await isSignedIn(service.stranger, await signIn(service.stranger, person, password))).toBe(true);
  });

  it('that nobody knows get none', async () => {
    const { status, stderr } = await stockroom(['users', 'reset-password', 'nobody'], { env });
    expect([status, stderr.trim()]).toEqual([1, 'There is no such person.']);
  });
});
