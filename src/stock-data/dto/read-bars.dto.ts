import { z } from 'zod';
import { cursorQuery, limitQuery, pageQuery } from '../../common/pagination.js';
import { INTERVALS } from '../../bars/bar.types.js';
import { instant, tradingDay } from '../../bars/times.dto.js';
import { asOfQuery } from '../../versioning/points/point.types.js';
import {
  BAR_SOURCES,
  COMPUTED_ONLY_INTERVALS,
  isAggregateInterval,
  isComputedOnly,
} from '../aggregate/aggregate.types.js';
import { branchQuery, intervalQuery } from './scope.dto.js';

const bound = z
  .union([tradingDay, instant], { error: 'must be a day, or for intraday bars an instant' })
  .optional();

const readInterval = z
  .enum([...INTERVALS, ...COMPUTED_ONLY_INTERVALS])
  .default('1d')
  .meta({
    description: [
      'Length of a bar. `1w` and `1mo` are computed from days, named by their Monday or first day. `5m`, `15m` and `1h` are those',
      'that were imported, once any were for this stock on this branch; before that they are computed from `1m`, on the grid of UTC.',
      'Computed: open of the first bar, highest high, lowest low, close and adjClose of the last bar, sum of volume; a value that one',
      'of its source bars does not have is null.',
    ].join(' '),
  });

const source = z.enum(BAR_SOURCES).optional().meta({
  description:
    'For intervals that can be both: `stored` shows imported bars only, `computed` never does. One answer never mixes them.',
});

const isDaily = (interval: string): boolean => interval === '1d' || isComputedOnly(interval);

/** Query of `GET /v1/stocks/{symbol}/data`. */
export const readBarsQuery = z
  .strictObject({
    interval: readInterval,
    source,
    from: bound.meta({ description: 'Inclusive, as the time that names a bar.' }),
    to: bound.meta({ description: 'Inclusive; a day includes all of it. The bar that it names is whole.' }),
    order: z.enum(['asc', 'desc']).default('desc'),
    limit: limitQuery({ default: 100, max: 10_000 }),
    cursor: cursorQuery,
    asOf: asOfQuery,
    branch: branchQuery,
  })
  .refine(({ interval, from, to }) => !isDaily(interval) || ![from, to].some((text) => text?.includes('T')), {
    message: 'must be days for intervals 1d, 1w and 1mo',
    path: ['from'],
  })
  .refine(({ interval, source }) => source !== 'computed' || isAggregateInterval(interval), {
    message: 'must not be computed for intervals 1d and 1m, which are stored only',
    path: ['source'],
  })
  .refine(({ interval, source }) => source !== 'stored' || !isComputedOnly(interval), {
    message: 'must not be stored for intervals 1w and 1mo, which are computed only',
    path: ['source'],
  });
export type ReadBarsQuery = z.infer<typeof readBarsQuery>;

/** Query of `GET /v1/stocks/{symbol}/data/{time}`. */
export const oneBarQuery = z.strictObject({
  interval: intervalQuery.optional(),
  branch: branchQuery,
  asOf: asOfQuery,
});
export type OneBarQuery = z.infer<typeof oneBarQuery>;

/** Query of `GET /v1/stocks/{symbol}/data/{time}/versions`. */
export const barVersionsQuery = oneBarQuery.extend(pageQuery);
export type BarVersionsQuery = z.infer<typeof barVersionsQuery>;
