import { Injectable, type OnModuleInit } from '@nestjs/common';
import { actAs } from '../../database/own-rows.queries.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { BARS } from '../../stock-data/bars.types.js';
import {
  DryRunConsequences,
  type EndingVersions,
} from '../../versioning/commit/dry-run-consequences.service.js';
import { countQuoting } from './restated.queries.js';

/** Tells dry runs of corrections, withdrawals, merges and reverts how many citations they would restate. */
@Injectable()
export class CountRestated implements OnModuleInit {
  constructor(private readonly consequences: DryRunConsequences) {}

  onModuleInit(): void {
    this.consequences.register('restatedCitations', countRestated);
  }
}

async function countRestated(tx: SqlTransaction, ending: EndingVersions): Promise<number> {
  if (ending.table.table !== BARS.table) return 0;
  // Whoever's they are, and for this one statement: the rest of the dry run has no business with them.
  await tx.run(actAs({ purpose: 'restatement' }));
  const [count] = await tx.runOne(countQuoting(ending.relation, ending.branchId));
  await tx.run(actAs({}));
  return Number(count);
}
