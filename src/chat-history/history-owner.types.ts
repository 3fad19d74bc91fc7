import type { Principal } from '../common/principal.js';
import type { RowOwner } from '../database/own-rows.js';

/** Whose conversations these are: a person, or a visitor who has not signed in. **Shape**: one of them is null; `id` is the other. */
export interface HistoryOwner extends RowOwner {
  readonly id: string;
  readonly userId: string | null;
  readonly visitorId: string | null;
}

/** The owner of what somebody keeps. */
export function historyOwner({ userId, sessionId }: Principal): HistoryOwner {
  return userId === null
    ? { id: sessionId, userId: null, visitorId: sessionId }
    : { id: userId, userId, visitorId: null };
}
