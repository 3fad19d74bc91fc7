import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Settings } from '../config/settings.js';
import { generateSecret } from '../encryption/secrets.js';
import { EmailTaken, UsernameTaken } from '../users/users.errors.js';
import type { UsersService } from '../users/users.service.js';

const USERNAME = 'admin';
const GENERATED_EMAIL = 'admin@stockroom.local';
const PASSWORD_BYTES = 18;

const adminFile = z.strictObject({ email: z.string(), username: z.string(), password: z.string() });
type Administrator = z.infer<typeof adminFile>;

/** What became of the first administrator. **Shape**: `password` only when it was generated in this start. */
export type FirstAdministrator =
  | { readonly outcome: 'exists' | 'not-configured' }
  | {
      readonly outcome: 'created';
      readonly email: string;
      readonly generated: { password: string; path: string } | null;
    };

/**
 * Creates the first SUPER_ADMIN when there is no user yet: the configured one, or with the embedded database one with a
 * generated password, kept in `admin.json`, readable by its owner only.
 *
 * **Why** the file is written first: a start killed in between finds the file again and creates the user it names; the other
 * way round nobody would know the password.
 */
export async function ensureFirstAdministrator(
  users: UsersService,
  settings: Settings,
  embedded: boolean,
): Promise<FirstAdministrator> {
  if (await users.hasAny()) return { outcome: 'exists' };
  const { email, password } = settings.admin;
  const path = join(settings.dataDir, 'admin.json');
  const generated = embedded && password === undefined ? await generatedAdministrator(path, email) : null;
  const account =
    generated ??
    (email !== undefined && password !== undefined ? { email, username: USERNAME, password } : null);
  if (account === null) return { outcome: 'not-configured' };
  try {
    await users.createSuperAdmin(account);
  } catch (error) {
    // Another replica was faster with the same account.
    if (error instanceof EmailTaken || error instanceof UsernameTaken) return { outcome: 'exists' };
    throw error;
  }
  return {
    outcome: 'created',
    email: account.email,
    generated: generated === null ? null : { password: generated.password, path },
  };
}

async function generatedAdministrator(path: string, email: string = GENERATED_EMAIL): Promise<Administrator> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text !== null) return adminFile.parse(JSON.parse(text));
  const administrator = { email, username: USERNAME, password: generateSecret(PASSWORD_BYTES) };
  await writeFile(path, `${JSON.stringify(administrator, null, 2)}\n`, { mode: 0o600 });
  return administrator;
}
