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

/** Counts, inside the transaction of a dry run, what would follow from the end of versions. */
export type CountConsequence = (tx: SqlTransaction, ending: EndingVersions) => Promise<number>;

/**
 * Features that keep references to versions register here how many of them a commit would concern, so that a dry run can tell.
 *
 * **Why** a registry: they rank above versioning and above the features whose dry runs these are, and only the transaction of the dry
 * run knows which versions would end. A route of their own would have to do the same dry run a second time.
 */
@Injectable()
export class DryRunConsequences {
  readonly #counts = new Map<string, CountConsequence>();

  /** Call it once, when the module starts. **Errors**: `Error` for a name that is taken. */
  register(name: string, count: CountConsequence): void {
    if (this.#counts.has(name)) throw new Error(`Consequences are counted as ${name} already.`);
    this.#counts.set(name, count);
  }

  /** All counts; zeros where nothing would end. */
  async of(tx: SqlTransaction, ending: EndingVersions | null): Promise<Consequences> {
    const counts: Record<string, number> = {};
    for (const [name, count] of this.#counts) counts[name] = ending === null ? 0 : await count(tx, ending);
    return counts;
  }
}
