import type { Row } from '../database/statement.js';
import type { OpenedSessionResponse } from './dto/sign-in.dto.js';
import type { OpenedSession, SessionView } from './sessions.types.js';

/** A session as people see it, from a row of id, created, last seen, expires, user agent, address. */
export function sessionView(row: Row, currentId: string | null): SessionView {
  const [id, createdAt, lastSeenAt, expiresAt, userAgent, ip] = row as [
    string,
    string,
    string,
    string,
    string | null,
    string | null,
  ];
  return { id, createdAt, lastSeenAt, expiresAt, userAgent, ip, current: id === currentId };
}

/** A session just opened or rotated, as its owner is told of it. */
export function answerOf(opened: OpenedSession): OpenedSessionResponse {
  const { id, token, userId, expiresAt, idleExpiresAt } = opened;
  return {
    id,
    token,
    userId,
    expiresAt: expiresAt.toISOString(),
    idleExpiresAt: idleExpiresAt.toISOString(),
  };
}
