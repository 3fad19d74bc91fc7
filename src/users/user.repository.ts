import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { driverErrorFacts } from '../database/driver-errors.js';
import { User } from './user.entity.js';
import { EmailTaken, UsernameTaken } from './users.errors.js';
import type { UserRole } from './users.types.js';

/** What a stored user is made of. */
export interface NewUser {
  readonly email: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly role: UserRole;
}

/** Reads and writes users through the unit of work. */
@Injectable()
export class UserRepository {
  constructor(private readonly em: EntityManager) {}

  /** Whether anybody was ever registered, active or not. */
  async hasAny(): Promise<boolean> {
    return (await this.em.fork().count(User, {}, { limit: 1 } as object)) > 0;
  }

  /** Stores a new user. **Errors**: `EmailTaken`, `UsernameTaken`. */
  async add(user: NewUser): Promise<User> {
    const em = this.em.fork();
    const created = em.create(User, { ...user });
    try {
      await em.persist(created).flush();
    } catch (error) {
      const { constraint } = driverErrorFacts(error);
      if (constraint === 'users_email_key') throw new EmailTaken();
      if (constraint === 'users_username_key') throw new UsernameTaken();
      throw error;
    }
    return created;
  }
}
