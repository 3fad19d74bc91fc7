import { defineEntity, p } from '@mikro-orm/core';
import { baseProperties, softDeleteProperties } from '../database/base.properties.js';

/** A stock whose prices are kept. */
export const StockSchema = defineEntity({
  name: 'Stock',
  tableName: 'tracked_stocks',
  properties: {
    ...baseProperties,
    /** Upper case, 1–10 of `A-Z 0-9 . - ^ =`; never changes. */
    symbol: p.text().unique('tracked_stocks_symbol_key'),
    name: p.text().nullable(),
    exchange: p.text().nullable(),
    /** ISO 4217, upper case. */
    currency: p.text().nullable(),
    ...softDeleteProperties,
    /** UTC day on which bars were last imported, changed or not. */
    lastPullDate: p.date().nullable(),
  },
  checks: [
    { name: 'tracked_stocks_symbol_check', expression: `symbol ~ '^[A-Z0-9.^=-]{1,10}$'` },
    { name: 'tracked_stocks_currency_check', expression: `currency ~ '^[A-Z]{3}$'` },
  ],
});

/** See {@link StockSchema}. */
export class Stock extends StockSchema.class {}
StockSchema.setClass(Stock);
