import { hash } from '@node-rs/argon2';
import { v7 as uuidv7 } from 'uuid';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import type { RequestOrigin } from '../../src/common/request-origin.js';
import type { AccountActor, UserRole } from '../../src/users/users.types.js';
import type { ApiClient } from '../support/api-client.js';

/** The password of everybody whom {@link storeUser} makes. */
export const PASSWORD = 'correct horse 9 battery';

/** Where requests of tests come from. */
export const ORIGIN: RequestOrigin = { address: '192.0.2.1', userAgent: 'test', requestId: 'test-request' };

let made = 0;
let hashed: Promise<string> | undefined;

/** A name that no other call of this test file gave. */
export function freshName(): string {
  made++;
  return `person-${made}`;
}

/** What an account is made with over HTTP, valid by default. */
export function newAccount(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const username = freshName();
  return { email: `${username}@example.com`, username, password: PASSWORD, ...changes };
}

/** A person as a test made them. */
export interface StoredUser {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly role: UserRole;
}

/** Stores a person as the database's owner, by no rule of the service. The hash is computed once per test file. */
export async function storeUser(
  owner: ConnectionSettings,
  changes: Partial<StoredUser & { readonly isActive: boolean; readonly passwordHash: string }> = {},
): Promise<StoredUser> {
  const username = changes.username ?? freshName();
  const { id = uuidv7(), email = `${username}@example.com`, role = 'USER', isActive = true } = changes;
  hashed ??= hash(PASSWORD);
  const passwordHash = changes.passwordHash ?? (await hashed);
  await withConnection(owner, (client) =>
    client.query(
      'insert into users (id, email, username, password_hash, role, is_active) values ($1, $2, $3, $4, $5, $6)',
      [id, email, username, passwordHash, role, isActive],
    ),
  );
  return { id, email, username, role };
}

/** Somebody who does something, as the services want to know it. */
export function actor(user: { readonly id: string }): AccountActor {
  return { userId: user.id, sessionId: null, recentlyAuthenticated: true, origin: ORIGIN };
}

/** Somebody who has signed in over HTTP. */
export interface SignedInUser extends StoredUser {
  readonly sessionId: string;
  readonly token: string;
  /** To be sent with what they do. */
  readonly headers: { readonly authorization: string };
}

/** Signs somebody in. **Errors**: when the service refuses. */
export async function signIn(api: ApiClient, user: StoredUser, password = PASSWORD): Promise<SignedInUser> {
  const answer = await api.post('/v1/sessions', { json: { login: user.email, password } });
  if (answer.status !== 201) throw new Error(`could not sign ${user.username} in: ${answer.text}`);
  const { id, token } = answer.json as { id: string; token: string };
  return { ...user, sessionId: id, token, headers: { authorization: `Bearer ${token}` } };
}

/** Whether somebody's token is still worth anything. */
export async function isSignedIn(api: ApiClient, user: SignedInUser): Promise<boolean> {
  const { status } = await api.get('/v1/users/me', { headers: user.headers });
  return status === 200;
}
