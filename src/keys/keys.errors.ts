import { DomainError } from '../common/errors.js';
import type { CellCount } from './keys.types.js';

/** A rotation that would make values unreadable somewhere, or cannot come to an end. */
export class RotationRefused extends DomainError {
  constructor(reason: string) {
    super('conflict', 'rotation-refused', reason);
  }
}

/** A key that may not be retired: it still has values, or somebody still writes with it. */
export class RetirementRefused extends DomainError {
  constructor(
    reason: string,
    /** What is left under it, by column. */
    readonly left: readonly CellCount[] = [],
  ) {
    super('conflict', 'retirement-refused', reason);
  }
}
