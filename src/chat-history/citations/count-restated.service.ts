import { Injectable, type OnModuleInit } from '@nestjs/common';
import { exactJson } from '../../common/json-text.js';
import { actAs } from '../../database/own-rows.queries.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { BARS } from '../../stock-data/bars.types.js';
import {
  DryRunConsequences,
  type EndingVersions,
} from '../../versioning/commit/dry-run-consequences.service.js';
import type { Consequences } from '../../versioning/versioning.types.js';
import { quotesEnding } from './restated.queries.js';

/** As many as a page of `GET /v1/revisions/{id}/affected-citations` has. */
const FIRST = 50;

/** Tells dry runs of imports, corrections, withdrawals, merges and reverts which citations they would restate. */
@Injectable()
export class CountRestated implements OnModuleInit {
  constructor(private readonly consequences: DryRunConsequences) {}

  onModuleInit(): void {
    this.consequences.register(restated);
  }
}

async function restated(tx: SqlTransaction, ending: EndingVersions | null): Promise<Consequences> {
  if (ending?.table.table !== BARS.table) return { restatedCitations: 0, firstRestated: [] };
  const { relation, branchId } = ending;
  // Whoever's they are, and for this one statement: the rest of the dry run has no business with them.
  await tx.run(actAs({ purpose: 'restatement' }));
  const [count, first] = await tx.runOne(quotesEnding({ ending: relation, branchId, limit: FIRST }));
  await tx.run(actAs({}));
  return { restatedCitations: Number(count), firstRestated: exactJson(first as string) };
}
