import { expect } from '@jest/globals';
import { DomainError } from '../../../src/common/errors.js';
import {
  countsOf,
  effective,
  mergeOf,
  revertOf,
  stateAt,
  textOf,
  type Counts,
  type Judgement,
  type ModelBranch,
} from './history-model.js';
import type { Step } from './history-steps.js';
import { keysOf, type VersionedWorld, type VersioningServices } from './history-world.js';

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** What an operation came to: its report, or the code of its refusal with the days in conflict. */
type Outcome =
  | ({ readonly revision: number | null } & Counts)
  | { readonly code: string; readonly days: readonly number[] };

const NOW = Number.MAX_SAFE_INTEGER;
let named = 0;

/**
 * Lets one history happen twice, in the database and in the model, and compares after every step. Other histories may happen at
 * the same time: revisions grow, but not by one.
 */
export class HistoryRun {
  readonly main: ModelBranch = { name: 'main', parent: null, forkRevision: 0, commits: [], status: 'open' };
  readonly branches: ModelBranch[] = [this.main];
  private readonly held: { readonly branch: string; readonly revision: number; readonly text: string }[] = [];
  /** The revisions of this history, oldest first, each with its branch. */
  private readonly revisions: { readonly id: number; readonly branch: ModelBranch }[] = [];

  private constructor(
    private readonly world: VersionedWorld,
    private readonly services: VersioningServices,
    private readonly scope: number,
  ) {}

  /** Begins with one row, because a withdrawal is always of something that was there. */
  static async begin(world: VersionedWorld, services: VersioningServices): Promise<HistoryRun> {
    const run = new HistoryRun(world, services, await world.newScope());
    await run.commit({ kind: 'commit', branch: 0, changes: [{ day: 0, close: '1' }], dryRun: false });
    return run;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'commit':
        return this.commit(step);
      case 'fork':
        return this.fork(step);
      case 'merge':
        return this.merge(step);
      case 'revert':
        return this.revert(step);
      case 'discard':
        return this.discard(step);
      case 'hold':
        return this.hold(step);
    }
  }

  /**
   * Every branch now, as its parent left it and at a few revisions is as the model has it, and every answer that was held is what
   * it was. **Why** a few: all would take ten times as long as the history, and the next one brings others.
   */
  async compareAll(): Promise<void> {
    for (const [n, branch] of this.branches.entries()) {
      const few = [n, n * 7 + 3].map((at) => this.revisions[at % this.revisions.length]?.id ?? 0);
      for (const id of [NOW, ...few]) {
        const at = [branch.name, id];
        expect([...at, await this.read(branch.name, id)]).toEqual([...at, textOf(stateAt(branch, id))]);
      }
    }
    for (const { branch, revision, text } of this.held) {
      expect([branch, revision, await this.read(branch, revision)]).toEqual([branch, revision, text]);
    }
  }

  private async commit({ branch: n, changes, dryRun }: Of<'commit'>): Promise<void> {
    const branch = this.branch(n);
    const kind = changes.length > 1 ? 'import' : changes[0]?.close === null ? 'withdrawal' : 'correction';
    const draft = {
      branch: branch.name,
      kind,
      source: 'test',
      message: null,
      authorId: null,
      dryRun,
    } as const;
    const outcome = await this.outcome(
      this.services.versioning.commit(this.world.table, draft, {
        stage: async () => this.world.proposals(this.scope, changes),
      }),
    );
    if (branch.status !== 'open') return this.expectRefused(outcome, branch);
    const state = stateAt(branch, NOW);
    const judgement = { changes: effective(state, changes), unchanged: 0, conflicts: [] };
    this.expectDone(outcome, {
      branch,
      dryRun,
      judgement,
      counts: countsOf(state, changes),
      whenNothing: null,
    });
  }

  private async fork({ parent: n, at }: Of<'fork'>): Promise<void> {
    const parent = this.branch(n);
    const related = this.revisions.filter((revision) => isSeenOn(parent, revision));
    const revision = at === null ? undefined : related[at % related.length]?.id;
    const name = `h${++named}`;
    const asOf = revision === undefined ? undefined : { revision };
    const made = this.services.branches.create({ name, parent: parent.name, asOf, createdBy: null });
    if (parent.status !== 'open') {
      await expect(made).rejects.toMatchObject({ code: `branch-${parent.status}` });
      return;
    }
    const forkRevision = (await made).branch.forkRevision ?? 0;
    if (revision !== undefined) expect(forkRevision).toBe(revision);
    else expect(forkRevision).toBeGreaterThanOrEqual(this.revisions.at(-1)?.id ?? 0);
    this.branches.push({ name, parent, forkRevision, commits: [], status: 'open' });
  }

  private async merge({ branch: n, onConflict, dryRun }: Of<'merge'>): Promise<void> {
    const branch = this.branch(n);
    // Each merge is asked with words of its own, so that none is taken for the same request again.
    const request = { branch: branch.name, onConflict, message: `m${++named}`, authorId: null, dryRun };
    const merge = () => this.services.merges.merge(this.world.table, request, keysOf);
    const outcome = await this.outcome(merge());
    const { parent } = branch;
    if (parent === null) {
      expect(outcome).toMatchObject({ code: 'root-branch' });
      return;
    }
    const ended = [parent, branch].find(({ status }) => status !== 'open');
    if (ended !== undefined) return this.expectRefused(outcome, ended);
    const judgement = mergeOf(branch, parent, onConflict);
    const counts = { ...countsOf(stateAt(parent, NOW), judgement.changes), unchanged: judgement.unchanged };
    this.expectDone(outcome, { branch: parent, dryRun, judgement, counts, whenNothing: expect.any(Number) });
    if (dryRun || judgement.conflicts.length > 0) return;
    branch.status = 'merged';
    expect(await merge()).toEqual(outcome);
  }

  private async revert({ revision: n, dryRun }: Of<'revert'>): Promise<void> {
    const { id, branch } = this.revisions[n % this.revisions.length] ?? { id: 0, branch: this.main };
    const isNewest = branch.commits.at(-1)?.revision === id;
    const request = { revision: id, branch: branch.name, message: null, authorId: null, dryRun };
    const outcome = await this.outcome(this.services.reverts.revert(this.world.table, request, keysOf));
    if (branch.status !== 'open') return this.expectRefused(outcome, branch);
    const judgement = revertOf(branch, id);
    const counts = { ...countsOf(stateAt(branch, NOW), judgement.changes), unchanged: judgement.unchanged };
    this.expectDone(outcome, { branch, dryRun, judgement, counts, whenNothing: expect.any(Number) });
    if (isNewest && !dryRun)
      expect(await this.read(branch.name, NOW)).toBe(await this.read(branch.name, id - 1));
  }

  private async discard({ branch: n }: Of<'discard'>): Promise<void> {
    const branch = this.branch(n);
    const done = this.services.branches.discard(branch.name, undefined);
    if (branch.parent === null) await expect(done).rejects.toMatchObject({ code: 'root-branch' });
    else if (branch.status === 'merged') await expect(done).rejects.toMatchObject({ code: 'branch-merged' });
    else {
      await done;
      branch.status = 'discarded';
    }
  }

  private async hold({ branch: n, revision: m }: Of<'hold'>): Promise<void> {
    const branch = this.branch(n).name;
    const revision = this.revisions[m % this.revisions.length]?.id ?? 0;
    const text = await this.read(branch, revision);
    expect([branch, revision, text]).toEqual([branch, revision, textOf(stateAt(this.branch(n), revision))]);
    this.held.push({ branch, revision, text });
  }

  private expectRefused(outcome: Outcome, ended: ModelBranch): void {
    expect(outcome).toMatchObject({ code: `branch-${ended.status}` });
  }

  /** Holds an outcome against what the model says, and lets the model follow. */
  private expectDone(
    outcome: Outcome,
    expected: {
      readonly branch: ModelBranch;
      readonly dryRun: boolean;
      readonly judgement: Judgement;
      readonly counts: Counts;
      /** The revision named when there is nothing to change. */
      readonly whenNothing: unknown;
    },
  ): void {
    const { branch, dryRun, judgement, counts, whenNothing } = expected;
    if (judgement.conflicts.length > 0) {
      expect(outcome).toEqual({ code: 'version-conflict', days: judgement.conflicts });
      return;
    }
    const nothing = judgement.changes.length === 0;
    const revision = dryRun ? null : nothing ? whenNothing : expect.any(Number);
    expect(outcome).toEqual({ revision, ...counts });
    const id = 'revision' in outcome ? outcome.revision : null;
    if (dryRun || nothing || id === null) return;
    expect(id).toBeGreaterThan(this.revisions.at(-1)?.id ?? 0);
    this.revisions.push({ id, branch });
    branch.commits.push({ revision: id, changes: judgement.changes });
  }

  private async outcome(done: Promise<{ revision: number | null } & Counts>): Promise<Outcome> {
    try {
      const { revision, inserted, corrected, withdrawn, unchanged } = await done;
      return { revision, inserted, corrected, withdrawn, unchanged };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { conflicts = [] } = (error.extra.details ?? {}) as { conflicts?: { key: string }[] };
      return { code: error.code, days: conflicts.map(({ key }) => this.world.dayOf(key)) };
    }
  }

  private read(branch: string, revision: number): Promise<string> {
    return this.world.read(this.scope, { branch, revision });
  }

  private branch(n: number): ModelBranch {
    return this.branches[n % this.branches.length] ?? this.main;
  }
}

/** Whether a branch sees a revision: its own, or one of an ancestor up to where the way to it left that one. */
function isSeenOn(
  branch: ModelBranch,
  revision: { readonly id: number; readonly branch: ModelBranch },
): boolean {
  if (revision.branch === branch) return true;
  return branch.parent !== null && revision.id <= branch.forkRevision && isSeenOn(branch.parent, revision);
}
