import { z } from 'zod';

const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/** An instant with an offset. Outside these years, in UTC, the text is not one that the database reads. */
export const instant = z.iso
  .datetime({ offset: true })
  .refine((text) => {
    const at = Date.parse(text);
    return at >= FIRST_INSTANT && at <= LAST_INSTANT;
  }, 'must be a year from 1 to 9999')
  .transform((text) => new Date(text).toISOString());

/** A trading day. */
export const tradingDay = z.iso
  .date()
  .refine((text) => text >= '0001-01-01', 'must be a year from 1 to 9999');
