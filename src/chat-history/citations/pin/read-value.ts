import { readPrice, readVolume, type Reading } from '../../../bars/decimal.js';
import type { QuotedField } from '../citations.types.js';

/** What a value says, in canonical form, or what is wrong with it. **Units**: as the field of a bar. */
export function readValue(field: QuotedField, value: number | string): Reading {
  return field === 'volume' ? readVolume(String(value), false) : readPrice(String(value));
}
