import { z } from 'zod';
import { lineOfText } from '../../common/text.js';
import { symbolInput } from '../../bars/symbol.dto.js';

const currency = z
  .string()
  .trim()
  .regex(/^[A-Za-z]{3}$/, 'must be a currency code of three letters')
  .toUpperCase()
  .meta({ example: 'USD', pattern: undefined });

const described = {
  name: lineOfText(200).nullable().optional(),
  exchange: lineOfText(50).nullable().optional(),
  currency: currency.nullable().optional(),
};

/** Body of `POST /v1/stocks`. */
export const createStockRequest = z
  .strictObject({ symbol: symbolInput, ...described })
  .meta({ id: 'CreateStock' });
export type CreateStockRequest = z.infer<typeof createStockRequest>;

/** Body of `PATCH /v1/stocks/{symbol}`: at least one member. The symbol itself never changes. */
export const updateStockRequest = z
  .strictObject({ ...described, isActive: z.boolean().optional() })
  .refine((body) => Object.keys(body).length > 0, 'must change something')
  .meta({ id: 'UpdateStock' });
export type UpdateStockRequest = z.infer<typeof updateStockRequest>;
