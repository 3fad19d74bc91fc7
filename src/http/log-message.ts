import { loggableDatabaseError } from '../database/loggable-error.js';

/**
 * The arguments of a log call with the line's own words as its message. Left to itself, the logger takes the error's, even
 * over a `msg` that stands beside it, and with an error of the database the values that caused it.
 */
export function withOwnMessage(args: readonly unknown[]): readonly unknown[] {
  const [first, message, ...rest] = args;
  if (message !== undefined || typeof first !== 'object' || first === null) return args;
  const { err, msg, ...members } =
    first instanceof Error ? { err: first, msg: undefined } : (first as LogLine);
  if (!(err instanceof Error)) return args;
  const own = typeof msg === 'string' ? msg : (loggableDatabaseError(err)?.message ?? err.message);
  return [{ ...members, err }, own, ...rest];
}

interface LogLine {
  readonly err?: unknown;
  readonly msg?: unknown;
}
