import { jest } from '@jest/globals';
import { SqlTransaction } from '../../src/database/sql-transaction.js';

/** Does something once a comparison is over, and before its revert or merge has written anything. */
export function onceCompared(work: () => Promise<unknown>): void {
  const run: SqlTransaction['run'] = Reflect.get(SqlTransaction.prototype, 'run');
  let done = false;
  jest.spyOn(SqlTransaction.prototype, 'run').mockImplementation(async function (
    this: SqlTransaction,
    statement,
  ) {
    const rows = await run.call(this, statement);
    if (!done && statement.name.startsWith('three_way_stock_data')) {
      done = true;
      await work();
    }
    return rows;
  });
}
