import type { SignedIn } from '../../common/principal.js';
import type { RequestOrigin } from '../../common/request-origin.js';
import { RecentSignInRequired } from '../../sessions/sessions.errors.js';
import type { Actor } from '../../users/users.types.js';

/** Who asks, as the rules and the audit log want to know it. */
export function actorOf({ userId, sessionId }: SignedIn, origin: RequestOrigin): Actor {
  return { userId, sessionId, origin };
}

/** Lets through who gave their password within the last five minutes. **Errors**: `RecentSignInRequired`. */
export function requireRecentSignIn({ recentlyAuthenticated }: SignedIn): void {
  if (!recentlyAuthenticated) throw new RecentSignInRequired();
}
