import { LockMode } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { driverErrorFacts } from '../database/driver-errors.js';
import { UserSettings } from './user-settings.entity.js';
import { User } from './user.entity.js';
import { EmailTaken, UsernameTaken } from './users.errors.js';
import type { UserRole } from './users.types.js';

/** What a stored user is made of. */
export interface NewUser {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly role: UserRole;
}

/** Reads and writes people, each inside the unit of work that it is given. */
@Injectable()
export class UserRepository {
  constructor(private readonly em: EntityManager) {}

  /** Whether anybody was ever registered, active or not. */
  async hasAny(): Promise<boolean> {
    return (await this.em.fork().find(User, {}, { fields: ['id'], limit: 1 })).length > 0;
  }

  /** A person, active or not; null when nobody has this id. */
  async find(id: string): Promise<User | null> {
    return this.em.fork().findOne(User, { id });
  }

  /** Stores a new user. **Errors**: `EmailTaken`, `UsernameTaken`. */
  async add(em: EntityManager, user: NewUser): Promise<User> {
    const created = em.create(User, { ...user });
    em.persist(created);
    await this.flush(em);
    return created;
  }

  /** Writes what was changed on a user, and reads back what the database makes of it. **Errors**: as {@link add}. */
  async save(em: EntityManager, user: User): Promise<void> {
    await this.flush(em);
    await em.refresh(user);
  }

  /** Removes a person, and by cascade every row that is theirs alone: settings, sessions, credentials. */
  async remove(em: EntityManager, user: User): Promise<void> {
    await em.remove(user).flush();
  }

  /** The people of these ids, locked in one order until the unit of work ends, so that two of them cannot wait for each other. */
  async lock(em: EntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, User>> {
    const found = await em.find(
      User,
      { id: { $in: [...new Set(ids)] } },
      { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' }, refresh: true },
    );
    return new Map(found.map((user) => [user.id, user]));
  }

  /**
   * The ids of all active SUPER_ADMINs, locked until the unit of work ends.
   *
   * **Why** locked: of two requests that each remove one of the last two, the second waits here and then finds one left.
   */
  async lockSuperAdmins(em: EntityManager): Promise<readonly string[]> {
    const found = await em.find(
      User,
      { role: 'SUPER_ADMIN', isActive: true },
      { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
    );
    return found.map(({ id }) => id);
  }

  /**
   * Whether an active person still has this hash; then their row stays as it is until the unit of work ends.
   */
  async holds(em: EntityManager, user: { readonly id: string; readonly hash: string }): Promise<boolean> {
    const found = await em.findOne(
      User,
      { id: user.id, passwordHash: user.hash, isActive: true },
      { lockMode: LockMode.PESSIMISTIC_READ },
    );
    return found !== null;
  }

  /** What a person set; null until something was. Only inside a unit of work of that person. */
  async settings(em: EntityManager, userId: string): Promise<UserSettings | null> {
    return em.findOne(UserSettings, { user: userId });
  }

  private async flush(em: EntityManager): Promise<void> {
    try {
      await em.flush();
    } catch (error) {
      const { constraint } = driverErrorFacts(error);
      if (constraint === 'users_email_key') throw new EmailTaken();
      if (constraint === 'users_username_key') throw new UsernameTaken();
      throw error;
    }
  }
}
