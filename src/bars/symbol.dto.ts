import { z } from 'zod';
import { SYMBOL_INPUT_PATTERN } from './bar.types.js';

/** A symbol as clients write it: any case, upper-cased before anything looks at it. */
export const symbolInput = z
  .string()
  .trim()
  .regex(SYMBOL_INPUT_PATTERN, 'must be 1 to 10 of A-Z 0-9 . - ^ =')
  .toUpperCase()
  .meta({ example: 'NVDA', pattern: undefined, maxLength: 10 });

/** `{symbol}` in a path. */
export const symbolPath = z.strictObject({ symbol: symbolInput });
export type SymbolPath = z.infer<typeof symbolPath>;
