import { InvalidEventId } from '../events.errors.js';

/**
 * A place in the order of one owner's events, and a stream that is behind it.
 *
 * **Shape**: with each revision comes first its commit, then what it changed of bars that were quoted before (`late` 0, by message and
 * ordinal), then the late citations of its time (`late` from 1 on, their number). Behind the commit of 42 is `42, 0, NONE, -1`.
 */
export interface EventPosition {
  readonly revision: number;
  readonly late: number;
  readonly messageId: string;
  readonly ordinal: number;
}

const NONE = '00000000-0000-0000-0000-000000000000';
const ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** More than a message can have. */
const ALL_ORDINALS = 99;

const EVENT_ID =
  /^(?<revision>\d{1,15})(?:\.(?<message>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?<ordinal>\d{1,2})|\.late\.(?<late>\d{1,15}))?$/;

/**
 * The position behind an event, by its id: `<revision>`; `<revision>.<message>.<ordinal>` of a citation that it changed;
 * `<revision>.late.<number>` of a late one.
 *
 * **Why** the citation itself and not its number among those of the revision: a message that is redacted or deleted between two
 * connections would shift the numbers, and events behind it would be passed over.
 * **Errors**: `InvalidEventId`.
 */
export function positionAfter(eventId: string): EventPosition {
  const { revision, message, ordinal, late } = EVENT_ID.exec(eventId)?.groups ?? {};
  if (revision === undefined) throw new InvalidEventId();
  if (late !== undefined) return behindLate(Number(revision), Number(late));
  return {
    revision: Number(revision),
    late: 0,
    messageId: message ?? NONE,
    ordinal: ordinal === undefined ? -1 : Number(ordinal),
  };
}

/** Behind the late citation of this number; with 0, behind all that the revision changed and before those. */
export function behindLate(revision: number, late: number): EventPosition {
  return { revision, late, messageId: ALL, ordinal: ALL_ORDINALS };
}

/** The id of the commit of a revision. */
export function commitId(revision: number): string {
  return String(revision);
}

/** The id of a restated citation; of a position between events one that repeats no more than those of its revision. */
export function eventId({ revision, late, messageId, ordinal }: EventPosition): string {
  if (late > 0) return `${revision}.late.${late}`;
  return messageId === NONE || messageId === ALL ? commitId(revision) : `${revision}.${messageId}.${ordinal}`;
}
