import { Injectable } from '@nestjs/common';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Consequences, VersionedTable } from '../versioning.types.js';

/** The open versions of a branch that a dry run would end. */
export interface EndingVersions {
  readonly table: VersionedTable;
  readonly branchId: number;
  /** SQL of a relation with the table's scope and key as columns, readable inside the transaction. */
  readonly relation: string;
}

/** Tells, inside the transaction of a dry run, what would follow from the end of versions; null: none would end. */
export type TellConsequence = (tx: SqlTransaction, ending: EndingVersions | null) => Promise<Consequences>;

/**
 * Features that keep references to versions register here what a commit would mean to those, so that a dry run can tell.
 *
 * **Why** a registry: they rank above versioning and above the features whose dry runs these are, and only the transaction of the dry
 * run knows which versions would end. A route of their own would have to do the same dry run a second time.
 */
@Injectable()
export class DryRunConsequences {
  readonly #tell: TellConsequence[] = [];

  /** Call it once for each feature, when its module starts. */
  register(tell: TellConsequence): void {
    this.#tell.push(tell);
  }

  /** All that would follow. */
  async of(tx: SqlTransaction, ending: EndingVersions | null): Promise<Consequences> {
    let consequences: Consequences = {};
    for (const tell of this.#tell) consequences = { ...consequences, ...(await tell(tx, ending)) };
    return consequences;
  }
}
