import { DomainError } from '../common/errors.js';

/** No branch has this name. */
export class BranchNotFound extends DomainError {
  constructor(name: string) {
    super('not-found', 'branch-not-found', `There is no branch "${name}".`);
  }
}

/** A merged branch takes no more changes. */
export class BranchMerged extends DomainError {
  constructor(name: string) {
    super('conflict', 'branch-merged', `Branch "${name}" was merged; it can be read, not changed.`);
  }
}

/** A discarded branch takes no more changes. */
export class BranchDiscarded extends DomainError {
  constructor(name: string) {
    super('conflict', 'branch-discarded', `Branch "${name}" was discarded; it can be read, not changed.`);
  }
}

/** No revision has this number. */
export class RevisionNotFound extends DomainError {
  constructor(id: number) {
    super('not-found', 'revision-not-found', `There is no revision ${id}.`);
  }
}

/**
 * The store was restored, or lost commits in a failover, while this was being done: numbers that it relied on may stand for something else.
 * Nothing is stored.
 */
export class HistoryChanged extends DomainError {
  constructor() {
    super('unavailable', 'history-changed', 'The store was replaced meanwhile; nothing was changed.', {
      retryAfterSeconds: 1,
    });
  }
}

/** `asOf` names an instant or a revision that is not there yet. */
export class AsOfInFuture extends DomainError {
  constructor(asOf: string, newest: number) {
    super('invalid', 'as-of-in-future', `asOf ${asOf} is in the future; the newest revision is ${newest}.`, {
      errors: [{ path: 'asOf', message: 'must not be in the future' }],
    });
  }
}

/** `asOf` names a moment before anything was stored. */
export class AsOfBeforeFirst extends DomainError {
  constructor(asOf: string) {
    super('invalid', 'as-of-before-first-revision', `asOf ${asOf} is before the first revision.`, {
      errors: [{ path: 'asOf', message: 'must not be before the first revision' }],
    });
  }
}

/** The root has no parent: it cannot be merged, discarded or compared with one. */
export class RootBranch extends DomainError {
  constructor(name: string) {
    super('refused', 'root-branch', `Branch "${name}" is the root: it has no parent.`);
  }
}

/**
 * The revision was made on another branch than the one it is asked of. `shownUpTo` is the last revision up to which that one shows the
 * other, where it does.
 */
export class RevisionOnOtherBranch extends DomainError {
  constructor(
    revision: number,
    input: { readonly madeOn: string; readonly askedOf: string; readonly shownUpTo?: number | undefined },
  ) {
    const { madeOn, askedOf, shownUpTo } = input;
    super(
      'refused',
      'revision-on-other-branch',
      shownUpTo === undefined
        ? `Revision ${revision} was made on branch "${madeOn}", which is not part of "${askedOf}".`
        : `Revision ${revision} of branch "${madeOn}" is later than the fork of "${askedOf}", which shows that branch up to revision ${shownUpTo}.`,
      { details: { revision, branch: madeOn } },
    );
  }
}

/** Rows were changed on both sides to different values. `conflicts` lists the first of `conflictCount`. */
export class VersionConflict extends DomainError {
  constructor(conflictCount: number, conflicts: readonly Readonly<Record<string, unknown>>[]) {
    super(
      'conflict',
      'version-conflict',
      conflictCount === 1
        ? 'One row was changed on both sides to different values.'
        : `${conflictCount} rows were changed on both sides to different values.`,
      { details: { conflictCount, conflicts } },
    );
  }
}

/** A merge or revert would keep everybody else waiting for longer than they do. Nothing was written. */
export class ChangeTooLarge extends DomainError {
  constructor(rows: number, most: number) {
    super(
      'refused',
      'change-too-large',
      `${rows} rows would change at once; at most ${most} may, because all other changes wait meanwhile.`,
      { details: { rows, most } },
    );
  }
}
