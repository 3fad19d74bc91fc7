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
