import { z } from 'zod';
import { pageQuery } from '../../common/pagination.js';
import { lineOfText } from '../../common/text.js';
import { stockResponse } from './stock.dto.js';

/** Query of `GET /v1/stocks`. */
export const listStocksQuery = z.strictObject({
  active: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Only stocks that are, or are not, active.' }),
  q: lineOfText(100).optional().meta({ description: 'Part of the symbol or of the name, any case.' }),
  ...pageQuery,
});
export type ListStocksQuery = z.infer<typeof listStocksQuery>;

/** Answer of `GET /v1/stocks`. */
export const listStocksResponse = z
  .strictObject({ data: z.array(stockResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'StockList' });
