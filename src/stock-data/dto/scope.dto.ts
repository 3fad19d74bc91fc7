import { z } from 'zod';
import { INTERVALS } from '../../bars/bar.types.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';
import type { AsOf } from '../../versioning/versioning.service.js';

/** `?interval=` */
export const intervalQuery = z.enum(INTERVALS).default('1d').meta({ description: 'Length of a bar.' });

/** `?branch=` */
export const branchQuery = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be the name of a branch')
  .default(MAIN_BRANCH);

/** An instant with an offset, from the year 1 on: earlier ones the calendar of the database does not have. */
export const instant = z.iso
  .datetime({ offset: true })
  .refine((text) => text >= '0001-01-02', 'must be a year from 1 to 9999')
  .transform((text) => new Date(text).toISOString());

/** A trading day. */
export const tradingDay = z.iso
  .date()
  .refine((text) => text >= '0001-01-02', 'must be a year from 1 to 9999');

/** `?asOf=`: a revision number, or an instant. */
export const asOfQuery = z
  .union([z.string().regex(/^\d{1,15}$/), z.iso.datetime({ offset: true })], {
    error: 'must be a revision number or an instant such as 2026-01-31T14:30:00Z',
  })
  .transform((text): AsOf =>
    /^\d+$/.test(text) ? { revision: Number(text) } : { instant: new Date(text).toISOString() },
  )
  .optional()
  .meta({ description: 'A revision number, or an instant: what was known then.' });
