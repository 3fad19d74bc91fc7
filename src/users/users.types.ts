import type { RequestOrigin } from '../common/request-origin.js';

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

/** What is known of a login before the password is looked at. **Shape**: all null where nobody has it. */
export interface KnownLogin {
  readonly userId: string | null;
  readonly role: UserRole | null;
  /** A secret; null also for a person who is not active. */
  readonly hash: string | null;
}

/** Who does something, for the rules and for the audit log. **Shape**: `sessionId` null where somebody registers. */
export interface AccountActor {
  readonly userId: string;
  readonly sessionId: string | null;
  /** Whether they gave their password within five minutes. */
  readonly recentlyAuthenticated: boolean;
  readonly origin: RequestOrigin;
}

/** A person as others see them. */
export interface UserView {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly role: UserRole;
  readonly isActive: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A person with the ETag of the state that is shown. */
export interface TaggedUser {
  readonly user: UserView;
  readonly etag: string;
}

/** What a list of people asks for. `q` is matched inside email and username, whatever the case. */
export interface ListUsers {
  readonly active: boolean | null;
  readonly role: UserRole | null;
  readonly q: string | null;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** What can be changed of a person; a missing member stays as it is. */
export interface UserChanges {
  readonly email?: string | undefined;
  readonly username?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly isActive?: boolean | undefined;
}

/** A change as somebody asks for it. */
export interface UserChange {
  readonly actor: AccountActor;
  readonly targetId: string;
  readonly ifMatch: string | undefined;
}

/** What a person set for themselves. **Units**: days; null follows the service's default. */
export interface SettingsView {
  readonly timezone: string;
  readonly locale: string;
  readonly messageRetentionDays: number | null;
}

/** Settings with the ETag of the state that is shown. */
export interface TaggedSettings {
  readonly settings: SettingsView;
  readonly etag: string;
}
