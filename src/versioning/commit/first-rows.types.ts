import type { SqlTransaction } from '../../database/sql-transaction.js';

/** What every row of a commit carries. */
export interface CommitPlace {
  readonly branchId: number;
  readonly revision: number;
}

/**
 * Rows for scopes in which the branch never showed anything, written by their maker as soon as the number of the revision is
 * known: there is nothing to compare them with, so nothing needs to be staged.
 *
 * **Why** behind the lock and not before: a row stands for ever with the number that it was written with, and numbers are given
 * in the order of the commits. Whatever can be found out about the rows belongs before it, because others wait meanwhile.
 */
export interface FirstRows {
  /** Every scope that the rows may be of. */
  readonly scopes: readonly number[];
  /** Writes all rows, `valid_from` being the revision. **Shape**: how many. */
  write(tx: SqlTransaction, place: CommitPlace): Promise<number>;
}

/** Somebody else committed to a scope of {@link FirstRows} first. Nothing is stored; the rows have to be compared. */
export class ScopesNotEmpty extends Error {
  constructor() {
    super('a scope of first rows is not empty');
    this.name = 'ScopesNotEmpty';
  }
}
