import { z } from 'zod';
import { INTERVALS } from '../../bars/bar.types.js';
import { isComputedOnly } from '../aggregate.types.js';
import { BRANCH_NAME_PATTERN } from '../../versioning/branch.types.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';
import type { AsOf } from '../../versioning/versioning.service.js';

/** `?interval=` of bars that are stored. */
export const intervalQuery = z
  .enum(INTERVALS, {
    error: ({ input }) =>
      isComputedOnly(String(input))
        ? `must be an interval that is stored (${INTERVALS.join(', ')}): ${String(input)} is computed from 1d when a list is read`
        : undefined,
  })
  .default('1d')
  .meta({ description: 'Length of a bar.' });

/** The name of a branch, existing or new. */
export const branchName = z
  .string()
  .regex(BRANCH_NAME_PATTERN, 'must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit');

/** `?branch=` */
export const branchQuery = branchName.default(MAIN_BRANCH);

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
  .refine((text) => text >= '0001-01-02', 'must be a year from 1 to 9999');

const revisionText = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform((text): AsOf => ({ revision: Number(text) }));
const asOfInstant = instant.transform((text): AsOf => ({ instant: text }));
const asOfError = 'must be a revision number or an instant such as 2026-01-31T14:30:00Z';

/** `asOf` in a body, where a revision may be a number. */
export const asOfMember = z
  .union(
    [
      z
        .int()
        .min(0)
        .max(999_999_999_999_999)
        .transform((revision): AsOf => ({ revision })),
      revisionText,
      asOfInstant,
    ],
    { error: asOfError },
  )
  .optional();

/** `?asOf=`: a revision number, or an instant. */
export const asOfQuery = z
  .union([revisionText, asOfInstant], { error: asOfError })
  .optional()
  .meta({ description: 'A revision number, or an instant: what was known then.' });
