import type { LineageSegment } from '../versioning.types.js';

/** What never changes about a branch once it is made: its number, its parent, and where its ancestors were left. */
export interface Line {
  readonly name: string;
  readonly id: number;
  /** Null for the root. */
  readonly parent: string | null;
  /** The parent first, each as it stood when its child was forked off it. */
  readonly ancestors: readonly LineageSegment[];
}

/** Above every number of a revision, and below the open end of a version: what is open now is part of it. */
export const NOW = Number.MAX_SAFE_INTEGER;

/** A branch read as of a revision before its fork shows its ancestors as of that revision, and nothing of its own. */
export function lineageAt(line: Line, revision: number): readonly LineageSegment[] {
  let cap = revision;
  return [
    { branchId: line.id, revision },
    ...line.ancestors.map((segment) => {
      cap = Math.min(cap, segment.revision);
      return { branchId: segment.branchId, revision: cap };
    }),
  ];
}
