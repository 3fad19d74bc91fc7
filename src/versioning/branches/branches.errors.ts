import { DomainError } from '../../common/errors.js';

/** A branch of this name exists, or existed. */
export class BranchNameTaken extends DomainError {
  constructor(name: string) {
    super('conflict', 'branch-name-taken', `A branch "${name}" exists already; names are never used again.`);
  }
}

/** A branch of a branch of a branch, and so on: reads would follow more of them than they can in time. */
export class BranchTooDeep extends DomainError {
  constructor(parent: string, { depth, most }: { readonly depth: number; readonly most: number }) {
    super(
      'refused',
      'branch-too-deep',
      `A branch off "${parent}" would be ${depth} branches away from main, and at most ${most} are allowed.`,
      { details: { depth, most } },
    );
  }
}

/** As many branches as there are numbers for them were made. */
export class BranchesUsedUp extends DomainError {
  constructor(cause: unknown) {
    super('refused', 'branches-used-up', 'No more branches can be made: every number is taken.', { cause });
  }
}
