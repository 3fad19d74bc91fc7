import { defineEntity, p } from '@mikro-orm/core';

/**
 * One version of one bar. Never read or written through the ORM: it is here so that the entities and the database can be
 * compared, and as the one place that says what the columns mean.
 */
export const BarSchema = defineEntity({
  name: 'Bar',
  tableName: 'stock_data',
  properties: {
    seriesId: p.integer().primary(),
    branchId: p.smallint().primary(),
    /** True: the bar does not exist from `validFrom` on; every price is null. */
    withdrawn: p.boolean().default(false),
    /** When the bar was true: its start, UTC; midnight for a daily bar. */
    ts: p.datetime().columnType('timestamptz').primary(),
    /** The revision that ended this version; the largest bigint while it is open. */
    validTo: p.bigint('string').primary().default('9223372036854775807'),
    /** The revision that brought this version. */
    validFrom: p.bigint('string'),
    /** Shares traded. */
    volume: p.bigint('string').nullable(),
    /** Prices, exact, in the stock's currency, trailing zeros trimmed. */
    open: p.decimal('string').columnType('numeric').nullable(),
    high: p.decimal('string').columnType('numeric').nullable(),
    low: p.decimal('string').columnType('numeric').nullable(),
    close: p.decimal('string').columnType('numeric').nullable(),
    /** Close adjusted for splits and dividends, as the vendor computed it. */
    adjClose: p.decimal('string').columnType('numeric').nullable(),
  },
  checks: [
    { name: 'stock_data_validity_check', expression: 'valid_from < valid_to' },
    {
      name: 'stock_data_ts_check',
      expression: `ts >= '1800-01-01 00:00:00+00' and ts < '10000-01-01 00:00:00+00'`,
    },
    { name: 'stock_data_close_check', expression: 'withdrawn or "close" is not null' },
    {
      name: 'stock_data_prices_check',
      expression: ['"open"', 'high', 'low', '"close"', 'adj_close']
        .map((price) => `${price} >= 0 and ${price} < 1000000000000`)
        .join(' and '),
    },
    {
      name: 'stock_data_range_check',
      expression: 'low <= high and low <= "open" and low <= "close" and "open" <= high and "close" <= high',
    },
    { name: 'stock_data_volume_check', expression: 'volume >= 0' },
  ],
});
