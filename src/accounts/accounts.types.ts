import type { SessionView } from '../sessions/sessions.types.js';
import type { UserView } from '../users/users.types.js';

/** A person in a list. **Shape**: `sessions` only when they were asked for. */
export interface ListedUser extends UserView {
  readonly sessions?: readonly SessionView[];
}
