import { z } from 'zod';
import { cursorQuery, limitQuery } from '../../common/pagination.js';
import { asOfQuery, branchQuery, instant, intervalQuery, tradingDay } from './scope.dto.js';

const bound = z
  .union([tradingDay, instant], { error: 'must be a day, or for intraday bars an instant' })
  .optional();

/** Query of `GET /v1/stocks/{symbol}/data`. */
export const readBarsQuery = z
  .strictObject({
    interval: intervalQuery,
    from: bound.meta({ description: 'Inclusive.' }),
    to: bound.meta({ description: 'Inclusive; a day includes all of it.' }),
    order: z.enum(['asc', 'desc']).default('desc'),
    limit: limitQuery({ default: 100, max: 10_000 }),
    cursor: cursorQuery,
    asOf: asOfQuery,
    branch: branchQuery,
  })
  .refine(({ interval, from, to }) => interval !== '1d' || ![from, to].some((text) => text?.includes('T')), {
    message: 'must be days for interval 1d',
    path: ['from'],
  });
export type ReadBarsQuery = z.infer<typeof readBarsQuery>;

/** Query of the routes of one bar. */
export const oneBarQuery = z.strictObject({
  interval: intervalQuery.optional(),
  branch: branchQuery,
  asOf: asOfQuery,
});
export type OneBarQuery = z.infer<typeof oneBarQuery>;
