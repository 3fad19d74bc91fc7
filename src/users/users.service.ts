import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { PasswordService } from './password.service.js';
import { UserRepository } from './user.repository.js';
import { UserRefused } from './users.errors.js';

const newUser = z.strictObject({
  email: z.email('must be an email address').max(254),
  username: z.string().regex(/^[a-zA-Z0-9_.-]{3,32}$/, 'must be 3 to 32 of a-z A-Z 0-9 _ . -'),
  password: z
    .string()
    .min(12, 'must have at least 12 characters')
    .max(128, 'must have at most 128 characters'),
});

/** What a new account needs. */
export type NewAccount = z.infer<typeof newUser>;

/** People who may sign in. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UserRepository,
    private readonly passwords: PasswordService,
  ) {}

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
}
