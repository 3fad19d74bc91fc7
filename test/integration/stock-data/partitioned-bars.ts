import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { day } from '../../factories/bars.js';

/** Bars by stock. **Shape**: `by` is the clause of the parent, `parts` that of each partition. */
export const BY_SERIES = {
  by: 'hash (series_id)',
  parts: Array.from({ length: 16 }, (_, n) => `with (modulus 16, remainder ${n})`),
};

/** Bars by time: those of the first day, of 300 days, of 300 more, and all others. */
export const BY_TIME = {
  by: 'range (ts)',
  parts: [
    `from (minvalue) to ('${day(1)}Z')`,
    `from ('${day(1)}Z') to ('${day(300)}Z')`,
    `from ('${day(300)}Z') to ('${day(600)}Z')`,
    `from ('${day(600)}Z') to (maxvalue)`,
  ],
};

/** What docs/operations.md says to run on an empty database, to have the bars in partitions. */
export async function partitionBars(
  owner: ConnectionSettings,
  { by, parts }: typeof BY_SERIES,
): Promise<void> {
  await withConnection(owner, async (client) => {
    await client.query('set role stockroom_owner');
    await client.query(`
      alter table stock_data rename to stock_data_whole;
      alter table stock_data_whole rename constraint stock_data_pkey to stock_data_whole_pkey;
      create table stock_data (like stock_data_whole including defaults including constraints,
        constraint stock_data_pkey primary key (series_id, branch_id, ts, valid_to)) partition by ${by};`);
    for (const [n, part] of parts.entries()) {
      await client.query(`create table stock_data_${n} partition of stock_data for values ${part}`);
      await client.query(`revoke all on stock_data_${n} from stockroom_app, stockroom_readonly`);
    }
    await client.query(`
      revoke update, delete on stock_data from stockroom_app;
      grant update (valid_to) on stock_data to stockroom_app;
      create trigger stock_data_added after insert on stock_data
        referencing new table as added for each statement execute function stock_data_check_added();
      create trigger stock_data_closed after update on stock_data
        referencing old table as before new table as after
        for each statement execute function stock_data_check_closed();
      drop table stock_data_whole`);
  });
}
