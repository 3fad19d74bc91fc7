import type { VersionedTable } from '../versioning/versioning.types.js';

/** The bars as versioning sees them. The order of the values is the order of the columns in every relation of proposals. */
export const BARS: VersionedTable = {
  table: 'stock_data',
  scope: 'series_id',
  key: 'ts',
  values: ['open', 'high', 'low', 'close', 'adj_close', 'volume'],
  touched: { table: 'revision_series', first: 'first_ts', last: 'last_ts' },
};
