import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import { isStorable } from '../common/text.js';
import { SqlService } from '../database/sql.service.js';
import { PasswordService } from './password.service.js';
import { UserRepository } from './user.repository.js';
import { User } from './user.entity.js';
import { UserRefused } from './users.errors.js';
import { replaceHash, userByLogin } from './users.queries.js';
import type { Authenticated, UserRole } from './users.types.js';

const newUser = z.strictObject({
  email: z.email('must be an email address').max(254),
  username: z.string().regex(/^[a-zA-Z0-9_.-]{3,32}$/, 'must be 3 to 32 of a-z A-Z 0-9 _ . -'),
  password: z
    .string()
    .min(12, 'must have at least 12 characters')
    .max(128, 'must have at most 128 characters'),
});

/** No email is longer, and no username. */
const MAX_LOGIN_LENGTH = 254;

/** What a new account needs. */
export type NewAccount = z.infer<typeof newUser>;

/** People who may sign in. */
@Injectable()
export class UsersService {
  private readonly logger = new Logger('Users');

  constructor(
    private readonly users: UserRepository,
    private readonly passwords: PasswordService,
    private readonly sql: SqlService,
  ) {}

  /**
   * Whose login and password these are. **Shape**: `login` is an email or a username in any case; null for an unknown login, a wrong
   * password and a person who is not active any more, all after the same work. A hash of old parameters is replaced on the way.
   *
   * A password may change between this and the session that it opens: {@link confirm} closes that gap.
   *
   * **Errors**: `PasswordsBusy`, and as `SqlService.read`.
   */
  async authenticate(login: string, password: string): Promise<Authenticated | null> {
    const known = login.length <= MAX_LOGIN_LENGTH && isStorable(login);
    const row = known ? await this.sql.readOne(userByLogin(login)) : null;
    const [id, role, isActive, stored] = (row ?? []) as [string?, UserRole?, boolean?, string?];
    const right = await this.passwords.matches(isActive === true ? (stored ?? null) : null, password);
    if (!right || id === undefined || role === undefined || stored === undefined) return null;
    return { id, role, proof: await this.refreshed(id, stored, password) };
  }

  /**
   * Whether a person may still sign in with what they showed, to be asked in the transaction that opens the session. If so, their row
   * stays as it is until that transaction ends: a change of password waits, and then ends the new session too.
   */
  async confirm(em: EntityManager, { id, proof }: Authenticated): Promise<boolean> {
    const found = await em.findOne(
      User,
      { id, passwordHash: proof, isActive: true },
      { lockMode: LockMode.PESSIMISTIC_READ },
    );
    return found !== null;
  }

  /** Whether anybody was ever registered. */
  async hasAny(): Promise<boolean> {
    return this.users.hasAny();
  }

  /**
   * Creates a SUPER_ADMIN, who may do everything. For the first start and the command line; no route leads here.
   *
   * **Errors**: `UserRefused`, `EmailTaken`, `UsernameTaken`.
   */
  async createSuperAdmin(account: NewAccount): Promise<{ readonly id: string }> {
    const checked = newUser.safeParse(account);
    if (!checked.success) {
      throw new UserRefused(
        checked.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
      );
    }
    const { email, username, password } = checked.data;
    const passwordHash = await this.passwords.hash(password);
    const { id } = await this.users.add({ email, username, passwordHash, role: 'SUPER_ADMIN' });
    return { id };
  }

  /** The hash that is stored after a sign-in. **Why** no error: who knows the password gets in, with an old hash if need be. */
  private async refreshed(id: string, known: string, password: string): Promise<string> {
    if (!this.passwords.isOutdated(known)) return known;
    try {
      const fresh = await this.passwords.hash(password);
      const count = await this.sql.transaction((tx) => tx.count(replaceHash({ id, known, fresh })));
      return count === 1 ? fresh : known;
    } catch (error) {
      this.logger.warn({ msg: 'password not hashed anew', userId: id, err: error });
      return known;
    }
  }
}
