import type { RestatedPosition } from '../../citations/restated.queries.js';
import { InvalidEventId } from '../events.errors.js';

/**
 * How far a stream is: behind the commit of `revision`, and of what that revision restated behind `after`.
 *
 * **Shape**: `after` is null when nothing of it was sent yet; `isDone` when all of it was.
 */
export interface EventPosition {
  readonly revision: number;
  readonly after: RestatedPosition | null;
  readonly isDone: boolean;
}

const EVENT_ID =
  /^(?<revision>\d{1,15})(?:\.(?<message>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?<ordinal>\d{1,2}))?$/;

/**
 * The position behind an event, by its id: `<revision>`, or `<revision>.<message>.<ordinal>` of a restated citation.
 *
 * **Why** the citation itself and not its number among those of the revision: a message that is redacted or deleted between two
 * connections would shift the numbers, and events behind it would be passed over.
 * **Errors**: `InvalidEventId`.
 */
export function positionAfter(eventId: string): EventPosition {
  const { revision, message, ordinal } = EVENT_ID.exec(eventId)?.groups ?? {};
  if (revision === undefined) throw new InvalidEventId();
  const number = Number(revision);
  const after = message === undefined ? null : ([number, message, Number(ordinal)] as const);
  return { revision: number, after, isDone: false };
}

/** The id of the commit of a revision. */
export function commitId(revision: number): string {
  return String(revision);
}

/** The id of a restated citation. */
export function restatedId([revision, messageId, ordinal]: RestatedPosition): string {
  return `${revision}.${messageId}.${ordinal}`;
}
