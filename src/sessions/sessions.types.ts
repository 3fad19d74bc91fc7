import type { RequestOrigin } from '../common/request-origin.js';
import type { SessionToken } from './credentials/session-token.js';

/** A session to open. */
export interface NewSession {
  readonly userId: string;
  readonly origin: RequestOrigin;
  /** The session row of the visitor whose things the account takes over; null when nobody visited before. */
  readonly visitorId: string | null;
  /** Tokens that came with the request: the new session takes the place of theirs. Nobody has checked them. */
  readonly shown?: readonly SessionToken[];
}

/** A session just opened or rotated: the only time that its token is known. */
export interface OpenedSession {
  readonly id: string;
  /** A secret. */
  readonly token: string;
  readonly userId: string;
  readonly expiresAt: Date;
  readonly idleExpiresAt: Date;
}

/** A live session as its owner and administrators see it. **Shape**: instants are RFC 3339 in UTC. */
export interface SessionView {
  readonly id: string;
  readonly createdAt: string;
  /** Up to a minute old. */
  readonly lastSeenAt: string;
  readonly expiresAt: string;
  readonly userAgent: string | null;
  readonly ip: string | null;
  /** Whether it is the session of whoever asks. */
  readonly current: boolean;
}

/** Who asks, with the session in full. **Shape**: `userId` is null for a visitor. */
export interface CurrentSession extends SessionView {
  readonly userId: string | null;
  readonly role: string;
  readonly idleExpiresAt: string;
}

/** A visitor whose things become an account's. */
export interface VisitorClaim {
  /** The visitor's session row, which their rows refer to. */
  readonly visitorId: string;
  readonly userId: string;
}
