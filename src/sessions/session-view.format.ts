import type { Row } from '../database/statement.js';
import type { SessionView } from './sessions.types.js';

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
