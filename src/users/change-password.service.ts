import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { GuessLimitService } from '../rate-limits/guess-limit.service.js';
import { PasswordService } from './password.service.js';
import type { User } from './user.entity.js';
import { UserRepository } from './user.repository.js';
import { UserNotFound, WrongPassword } from './users.errors.js';
import type { AccountActor } from './users.types.js';

/** A new hash, for the person who still has the old one. */
export interface PreparedPassword {
  readonly userId: string;
  readonly known: string;
  readonly fresh: string;
}

/** What somebody sends to change their password. */
export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

/** Changes passwords in two steps: what takes long comes first, and only the second needs a transaction. */
@Injectable()
export class ChangePasswordService {
  constructor(
    private readonly users: UserRepository,
    private readonly passwords: PasswordService,
    private readonly guesses: GuessLimitService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Checks somebody's current password and hashes the new one. Guesses are limited as at sign-in: a session that was left open must
   * not become a way to find out the password.
   *
   * **Errors**: `WrongPassword`, `TooManyAttempts`, `PasswordTooCommon`, `PasswordsBusy`, `UserNotFound`.
   */
  async prepare(
    by: AccountActor,
    { currentPassword, newPassword }: PasswordChange,
  ): Promise<PreparedPassword> {
    const user = await this.find(by.userId);
    const guess = { account: { userId: user.id }, address: by.origin.address, isSignedIn: true };
    await this.guesses.admit(guess);
    if (!(await this.passwords.matches(user.passwordHash, currentPassword))) {
      await this.audit.note({ ...passwordChanged(user.id, by), outcome: 'failure' });
      throw new WrongPassword();
    }
    await this.guesses.succeeded(guess);
    return this.hashFor(user, newPassword);
  }

  /** Hashes a new password for somebody who lost theirs; for the command line. **Errors**: `UserNotFound`, `PasswordTooCommon`. */
  async prepareReset(userId: string, newPassword: string): Promise<PreparedPassword> {
    return this.hashFor(await this.find(userId), newPassword);
  }

  /** Stores what was prepared. **Errors**: `WrongPassword` when the password was changed meanwhile. */
  async store(em: EntityManager, prepared: PreparedPassword, by: AccountActor | null): Promise<void> {
    const { userId, known, fresh } = prepared;
    const user = (await this.users.lock(em, [userId])).get(userId);
    if (user?.passwordHash !== known) throw new WrongPassword();
    user.passwordHash = fresh;
    await this.users.save(em, user);
    this.audit.record(em, { ...passwordChanged(userId, by), outcome: 'success' });
  }

  private async find(userId: string): Promise<User> {
    const user = await this.users.find(userId);
    if (user === null) throw new UserNotFound();
    return user;
  }

  private async hashFor(user: User, newPassword: string): Promise<PreparedPassword> {
    const { id: userId, email, username, passwordHash: known } = user;
    return {
      userId,
      known,
      fresh: await this.passwords.accept(newPassword, [email, username], 'newPassword'),
    };
  }
}

function passwordChanged(userId: string, by: AccountActor | null) {
  return {
    action: 'user.password-changed',
    userId: by?.userId ?? null,
    sessionId: by?.sessionId ?? null,
    target: { type: 'user', id: userId },
    origin: by?.origin ?? null,
  } as const;
}
