import type { ModelBranch } from '../versioning/history-model.js';

/** A version as the model knows it: the branch and revision that brought it. */
export interface ModelVersion {
  readonly branch: ModelBranch;
  readonly revision: number;
  readonly day: number;
  readonly close: string;
}

/** How a version stands. **Shape**: `restatedBy` and `close` only when it is not current; `close` null when withdrawn. */
export interface ModelStanding {
  readonly status: 'current' | 'restated' | 'withdrawn';
  readonly restatedBy?: number;
  readonly close?: string | null;
}

interface Touch {
  readonly revision: number;
  readonly close: string | null;
}

/** What was done to one bar on one branch, in order. */
function touchesOf(branch: ModelBranch, day: number): readonly Touch[] {
  return branch.commits.flatMap(({ revision, changes }) =>
    changes.filter((change) => change.day === day).map(({ close }) => ({ revision, close })),
  );
}

/** The version that a branch shows of a bar at a revision; null when it shows none. */
export function versionShown(branch: ModelBranch, day: number, revision: number): ModelVersion | null {
  const own = touchesOf(branch, day).findLast((touch) => touch.revision <= revision);
  if (own !== undefined)
    return own.close === null ? null : { branch, revision: own.revision, day, close: own.close };
  const { parent, forkRevision } = branch;
  return parent === null ? null : versionShown(parent, day, Math.min(revision, forkRevision));
}

/** How a version stands now, on the branch that it is of. */
export function standingOf({ branch, revision, day }: ModelVersion): ModelStanding {
  const touches = touchesOf(branch, day);
  const next = touches.find((touch) => touch.revision > revision);
  const close = touches.at(-1)?.close ?? null;
  if (next === undefined) return { status: 'current' };
  return { status: close === null ? 'withdrawn' : 'restated', restatedBy: next.revision, close };
}
