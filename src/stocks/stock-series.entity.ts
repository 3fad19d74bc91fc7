import { defineEntity, p } from '@mikro-orm/core';
import { StockSchema } from './stock.entity.js';
import { INTERVALS } from '../bars/bar.types.js';

/** The bars of one stock at one interval; its small number is what bars key on. Never changes, never goes. */
export const StockSeriesSchema = defineEntity({
  name: 'StockSeries',
  tableName: 'stock_series',
  properties: {
    id: p.integer().primary().autoincrement().generated('by default as identity'),
    trackedStock: () =>
      p
        .manyToOne(StockSchema)
        .ref()
        .fieldName('tracked_stock_id')
        .foreignKeyName('stock_series_tracked_stock_id_fkey'),
    interval: p.text(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [{ name: 'stock_series_tracked_stock_id_interval_key', properties: ['trackedStock', 'interval'] }],
  checks: [
    {
      name: 'stock_series_interval_check',
      expression: `"interval" in (${INTERVALS.map((interval) => `'${interval}'`).join(', ')})`,
    },
  ],
});
