/** What a person may do, from least to most. */
export const USER_ROLES = ['USER', 'ADMIN', 'SUPER_ADMIN'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** Someone whose password was right a moment ago. */
export interface Authenticated {
  readonly id: string;
  readonly role: UserRole;
  /** The stored hash that the password was held against; a secret, for `UsersService.confirm` alone. */
  readonly proof: string;
}
