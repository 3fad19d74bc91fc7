import type { ConflictPolicy } from '../../../src/versioning/branches/branch.types.js';
import type { Change } from '../../factories/versioned-bars.js';

/** What is shown: closes by day. */
export type State = ReadonlyMap<number, string>;

/** A branch as a naive mind keeps it: every change ever made, with its revision; nothing is ever closed or indexed. */
export interface ModelBranch {
  readonly name: string;
  readonly parent: ModelBranch | null;
  readonly forkRevision: number;
  readonly commits: { readonly revision: number; readonly changes: readonly Change[] }[];
  status: 'open' | 'merged' | 'discarded';
}

/** What an operation is expected to report. */
export interface Counts {
  readonly inserted: number;
  readonly corrected: number;
  readonly withdrawn: number;
  readonly unchanged: number;
}

/** What a merge or revert comes to: changes to make, how many rows need none, days in conflict. */
export interface Judgement {
  readonly changes: readonly Change[];
  readonly unchanged: number;
  readonly conflicts: readonly number[];
}

/** What a branch shows at a revision: the parent as it stood at the fork, then its own changes up to there. */
export function stateAt(branch: ModelBranch, revision: number): State {
  const state = new Map(
    branch.parent === null ? [] : stateAt(branch.parent, Math.min(revision, branch.forkRevision)),
  );
  for (const commit of branch.commits.filter((item) => item.revision <= revision)) {
    for (const change of commit.changes) {
      if (change.close === null) state.delete(change.day);
      else state.set(change.day, change.close);
    }
  }
  return state;
}

/** A state as text, by day. */
export function textOf(state: State): string {
  return [...state]
    .sort(([a], [b]) => a - b)
    .map(([day, close]) => `${day}=${close}`)
    .join(' ');
}

/** Those of the changes that change something. */
export function effective(state: State, changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ day, close }) => (state.get(day) ?? null) !== close);
}

/** What changes have to be reported as. */
export function countsOf(state: State, changes: readonly Change[]): Counts {
  const counts = { inserted: 0, corrected: 0, withdrawn: 0, unchanged: 0 };
  for (const { day, close } of changes) {
    const before = state.get(day) ?? null;
    if (before === close) counts.unchanged++;
    else if (close === null) counts.withdrawn++;
    else if (before === null) counts.inserted++;
    else counts.corrected++;
  }
  return counts;
}

/** Every day judged by itself: what only one side changed is taken, what both changed otherwise is a conflict. */
export function threeWay(
  sides: { readonly base: State; readonly ours: State; readonly theirs: State },
  days: readonly number[],
  policy: ConflictPolicy,
): Judgement {
  const changes: Change[] = [];
  const conflicts: number[] = [];
  let unchanged = 0;
  for (const day of days.toSorted((a, b) => a - b)) {
    const [base, ours, theirs] = [sides.base, sides.ours, sides.theirs].map((side) => side.get(day) ?? null);
    if (theirs === undefined || theirs === base) continue;
    if (theirs === ours) unchanged++;
    else if (ours === base || policy === 'theirs') changes.push({ day, close: theirs });
    else if (policy === 'ours') unchanged++;
    else conflicts.push(day);
  }
  return { changes, unchanged, conflicts };
}

/** What merging a branch into its parent comes to. */
export function mergeOf(branch: ModelBranch, parent: ModelBranch, policy: ConflictPolicy): Judgement {
  const now = Number.MAX_SAFE_INTEGER;
  const sides = {
    base: stateAt(parent, branch.forkRevision),
    ours: stateAt(parent, now),
    theirs: stateAt(branch, now),
  };
  return threeWay(sides, [...new Set([...sides.base.keys(), ...sides.theirs.keys()])], policy);
}

/** What undoing a revision of a branch comes to. */
export function revertOf(branch: ModelBranch, revision: number): Judgement {
  const changed = branch.commits.find((commit) => commit.revision === revision)?.changes ?? [];
  const sides = {
    base: stateAt(branch, revision),
    ours: stateAt(branch, Number.MAX_SAFE_INTEGER),
    theirs: stateAt(branch, revision - 1),
  };
  return threeWay(
    sides,
    changed.map(({ day }) => day),
    'fail',
  );
}
