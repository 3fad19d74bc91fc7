import type { DomainError } from '../common/errors.js';
import {
  DatabaseBusy,
  DatabaseStorageFull,
  DatabaseTimeout,
  DatabaseUnavailable,
} from './database.errors.js';

/** What is known of an error from `pg` or, wrapped, from the ORM. **Shape**: `code` is a SQLSTATE or an errno name. */
export interface DriverErrorFacts {
  readonly code: string | undefined;
  readonly constraint: string | undefined;
  readonly message: string;
}

/** Reads code and constraint from a driver error, looking through the ORM's wrapping by `cause` and copied fields. */
export function driverErrorFacts(error: unknown): DriverErrorFacts {
  let current: unknown = error;
  for (let depth = 0; depth < 4 && typeof current === 'object' && current !== null; depth++) {
    const { code, constraint, cause } = current as { code?: unknown; constraint?: unknown; cause?: unknown };
    if (typeof code === 'string') {
      return {
        code,
        constraint: typeof constraint === 'string' ? constraint : undefined,
        message: (current as { message?: string }).message ?? '',
      };
    }
    if (cause === undefined) break;
    current = cause;
  }
  return { code: undefined, constraint: undefined, message: error instanceof Error ? error.message : '' };
}

// 57P01 admin shutdown, 57P02 crash shutdown, 57P03 starting up, 25006 read-only after a failover, class 08 connection.
const CONNECTION_LOST =
  /^(57P0[123]|25006|08...|ECONN(RESET|REFUSED|ABORTED)|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
// The driver reports a cut connection as a plain Error with one of these messages and no code.
const CONNECTION_LOST_MESSAGE =
  /^(Connection terminated|Client has encountered a connection error|Connection ended)/;
const CONNECTION_WAIT_MESSAGE = /^timeout exceeded when trying to connect|^timeout expired/;
const QUERY_TIMEOUT_MESSAGE = /^Query read timeout/;

/** True when the connection that carried the statement is gone or must not be used again. */
export function isConnectionLost(error: unknown): boolean {
  const { code, message } = driverErrorFacts(error);
  if (code !== undefined) return CONNECTION_LOST.test(code);
  return CONNECTION_LOST_MESSAGE.test(message);
}

/**
 * True when a prepared statement was planned for tables that are gone: a schema was dropped and restored under the connection. Only
 * a new connection plans it anew.
 */
export function isPlanStale(error: unknown): boolean {
  const { code, message } = driverErrorFacts(error);
  return code === '0A000' && message.includes('cached plan must not change result type');
}

/** True when the client must not go back to the pool: the socket may still carry an answer that nobody waits for, or its plans are stale. */
export function isClientPoisoned(error: unknown): boolean {
  return (
    isConnectionLost(error) ||
    isPlanStale(error) ||
    QUERY_TIMEOUT_MESSAGE.test(driverErrorFacts(error).message)
  );
}

/** True when a lock was not to be had within `lock_timeout`. */
export function isLockWaitOver(error: unknown): boolean {
  return driverErrorFacts(error).code === '55P03';
}

/** True when a server cannot be reached or does not answer in time: worth leaving alone for a while. */
export function isReplicaAway(error: unknown): boolean {
  const { code, message } = driverErrorFacts(error);
  // 28 and 3D: wrong password, no such database. They do not mend themselves from one read to the next either.
  return isClientPoisoned(error) || CONNECTION_WAIT_MESSAGE.test(message) || /^(28|3D)...$/.test(code ?? '');
}

/** True for a serialization failure, a deadlock or a stale plan: the whole transaction may simply be run again. */
export function isRetryable(error: unknown): boolean {
  const { code } = driverErrorFacts(error);
  return code === '40001' || code === '40P01' || isPlanStale(error);
}

/**
 * The domain error for trouble of the database itself; null for everything else, which the caller translates by
 * constraint name or lets through as a bug.
 */
export function translateDriverError(error: unknown): DomainError | null {
  const { code, message } = driverErrorFacts(error);
  if (CONNECTION_WAIT_MESSAGE.test(message)) return new DatabaseBusy(error);
  if (isConnectionLost(error) || isPlanStale(error)) return new DatabaseUnavailable(error);
  if (QUERY_TIMEOUT_MESSAGE.test(message)) return new DatabaseTimeout(error);
  switch (code) {
    case '53300': // too many connections
      return new DatabaseBusy(error);
    case '28P01': // wrong password: rotated in the database, and not yet here
    case '28000':
    case '3D000': // no such database
      return new DatabaseUnavailable(error);
    case '53100': // disk full
      return new DatabaseStorageFull(error);
    case '57014': // statement_timeout
    case '55P03': // lock_timeout
    case '25P03': // idle_in_transaction_session_timeout
    case '40001':
    case '40P01':
      return new DatabaseTimeout(error);
    default:
      return null;
  }
}
