import type { PointReads } from '../../versioning/points/point-reads.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { knownRange } from './bars.queries.js';

/** The series of a stock that has no bars yet: a number that no series has. */
export const NO_SERIES = 0;

/** The ends of a range, and from which of them it is read. */
interface Range {
  readonly from: string | null;
  readonly to: string | null;
  readonly order: 'asc' | 'desc';
}

/** A range that goes on where a page ended. */
export function beginningAt<T extends Range>(range: T, start: string | null): T {
  if (start === null) return range;
  return range.order === 'asc' ? { ...range, from: start } : { ...range, to: start };
}

/** The end of a range that it is read from; null when it is open. */
export function beginningOf({ from, to, order }: Range): string | null {
  return order === 'asc' ? from : to;
}

/** The same point at a revision, which is no newer than what the point sees. */
export function pointAt(point: ReadPoint, revision: number): ReadPoint {
  const lineage = point.lineage.map((segment) => ({
    branchId: segment.branchId,
    revision: Math.min(segment.revision, revision),
  }));
  return { branch: point.branch, revision: Math.min(point.revision, revision), lineage, isNow: false };
}

/**
 * A range without the times of which nobody knew anything at the point; null when that is all of it.
 *
 * **Why**: a series grows at one end. As of a revision of years ago the way from its newest bar leads over all that came since.
 */
export async function knownPart<T extends Range>(
  points: PointReads,
  { seriesId, point }: { readonly seriesId: number; readonly point: ReadPoint },
  range: T,
): Promise<T | null> {
  if (point.isNow) return range;
  const row = await points.readOne(
    point,
    knownRange({ seriesId, revision: point.revision, from: range.from, to: range.to }),
  );
  const [, from = null, to = null] = row ?? [];
  return typeof from === 'string' && typeof to === 'string' ? { ...range, from, to } : null;
}
