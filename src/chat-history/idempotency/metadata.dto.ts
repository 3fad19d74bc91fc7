import { z } from 'zod';
import { isRawNumber } from '../../common/json-text.js';

const MAX_METADATA_BYTES = 16 * 1024;

/** Of a zero, where any stands for the same and PostgreSQL reads none beyond 16,383. */
const MAX_EXPONENT = 400;

/** An id that a client makes. */
export const clientId = z
  .uuid()
  .toLowerCase()
  .refine((id) => !/^([0-]+|[f-]+)$/.test(id), 'must not be the nil or the max UUID')
  .meta({ description: 'Made by the client: the same request again under it is answered alike.' });

/** An object of the client's own. Its numbers are kept as they were written. */
export const metadataMember = z
  .record(z.string(), z.unknown())
  .refine(
    (metadata) => Buffer.byteLength(JSON.stringify(metadata)) <= MAX_METADATA_BYTES,
    `must be at most ${MAX_METADATA_BYTES} bytes of JSON`,
  )
  .refine(hasUsualNumbers, 'must have no number that is beyond what others can read: 1.7e308, or 5e-324')
  .meta({ description: 'An object of the client’s own, at most 16 KiB as JSON.' });

/** What no double can hold, most readers of JSON lose, and the database may not be able to store. */
function hasUsualNumbers(value: unknown): boolean {
  if (isRawNumber(value)) {
    const number = Number(value.rawJSON);
    const [digits = '', exponent = '0'] = value.rawJSON.split(/e/i);
    const isUsualZero = !/[1-9]/.test(digits) && Math.abs(Number(exponent)) <= MAX_EXPONENT;
    return Number.isFinite(number) && (number !== 0 || isUsualZero);
  }
  return typeof value !== 'object' || value === null || Object.values(value).every(hasUsualNumbers);
}
