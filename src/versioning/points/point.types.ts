import { z } from 'zod';
import { instant } from '../../bars/times.dto.js';
import { BRANCH_NAME_PATTERN } from '../branches/branch.types.js';
import type { AsOf } from '../versioning.service.js';

/** The name of a branch, existing or new. */
export const branchName = z
  .string()
  .regex(BRANCH_NAME_PATTERN, 'must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit');

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
