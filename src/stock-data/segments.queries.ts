import type { LineageSegment } from '../versioning/versioning.types.js';

/** The numbers of the parameters that hold a segment's branch and revision. */
export interface SegmentPlace {
  readonly branch: number;
  readonly revision: number;
}

/** Adds the branch and revision of each segment to `values` and says where they stand. */
export function placesOf(lineage: readonly LineageSegment[], values: unknown[]): readonly SegmentPlace[] {
  return lineage.map(({ branchId, revision }) => {
    values.push(branchId, revision);
    return { branch: values.length - 1, revision: values.length };
  });
}

/** SQL of the version of a bar that a segment knows, also as withdrawn. */
export function ofSegment(alias: string, { branch, revision }: SegmentPlace): string {
  return `${alias}.series_id = $1 and ${alias}.branch_id = $${branch}
      and ${alias}.valid_from <= $${revision} and ${alias}.valid_to > $${revision}`;
}

/** In which order bars are read, and whether the upper end of the range, `$4`, is part of it. */
export interface ScanOrder {
  readonly order: 'asc' | 'desc';
  readonly upper: '<' | '<=';
}

/**
 * The versions of a segment that did not end before its revision, from `$3` to `$4` in order of time: what the key alone can tell. Whether
 * one is shown stands in the row: it may be withdrawn, or later than the revision.
 */
export function versionsOf(alias: string, place: SegmentPlace, { order, upper }: ScanOrder): string {
  return `
      from stock_data ${alias}
      where ${alias}.series_id = $1 and ${alias}.branch_id = $${place.branch}
        and ${alias}.valid_to > $${place.revision}
        and ${alias}.ts >= $3 and ${alias}.ts ${upper} $4
      order by ${alias}.ts ${order}`;
}

/** SQL of the first of some instants in the order of reading; null when there is none. */
export function firstOf(order: 'asc' | 'desc'): 'min' | 'max' {
  return order === 'asc' ? 'min' : 'max';
}
