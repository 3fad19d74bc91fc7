import type { SignedIn } from '../../common/principal.js';
import type { RequestOrigin } from '../../common/request-origin.js';
import { RecentSignInRequired } from '../../sessions/sessions.errors.js';
import type { AccountActor, UserChanges } from '../../users/users.types.js';

/** Who asks, as the rules and the audit log want to know it. */
export function actorOf(
  { userId, sessionId, recentlyAuthenticated }: SignedIn,
  origin: RequestOrigin,
): AccountActor {
  return { userId, sessionId, recentlyAuthenticated, origin };
}

/** Lets through who gave their password within the last five minutes. **Errors**: `RecentSignInRequired`. */
export function requireRecentSignIn({ recentlyAuthenticated }: AccountActor): void {
  if (!recentlyAuthenticated) throw new RecentSignInRequired();
}

/** Whether a change names a new email or username, which tells whether somebody has it. */
export function namesLogin({ email, username }: UserChanges): boolean {
  return email !== undefined || username !== undefined;
}
