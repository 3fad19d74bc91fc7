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

/** An event as the model expects it: at which revision it is told, and the revision that it is about. */
export interface ModelEvent {
  readonly at: number;
  readonly isLate: boolean;
  readonly about: number;
  readonly messageId: string;
  readonly ordinal: number;
}

/**
 * What has to be told of citations, in order: each change of a quoted bar since it was cited; of a version that had ended by then,
 * that it had, at once. By revision; late ones behind the others, in the order in which they were stored.
 */
export function eventsOf(
  citations: readonly {
    readonly messageId: string;
    readonly ordinal: number;
    readonly version: ModelVersion;
    readonly head: number;
  }[],
): readonly ModelEvent[] {
  const events = citations.flatMap(({ messageId, ordinal, version, head }) => {
    const later = touchesOf(version.branch, version.day).map(({ revision }) => revision);
    const changes = later.filter((revision) => revision > version.revision);
    const [ended] = changes;
    const late = ended !== undefined && ended <= head ? [{ at: head, isLate: true, about: ended }] : [];
    const told = changes
      .filter((revision) => revision > head)
      .map((at) => ({ at, isLate: false, about: at }));
    return [...late, ...told].map((event) => ({ ...event, messageId, ordinal }));
  });
  const place = (event: ModelEvent): string =>
    event.isLate ? 'late' : `${event.messageId}.${event.ordinal}`;
  // Late ones stay in the order of the list: sorting is stable.
  return events.toSorted(
    (a, b) => a.at - b.at || Number(a.isLate) - Number(b.isLate) || compare(place(a), place(b)),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
