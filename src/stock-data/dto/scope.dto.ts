import { z } from 'zod';
import { INTERVALS } from '../../bars/bar.types.js';
import { branchName } from '../../versioning/points/point.types.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';
import { isComputedOnly } from '../aggregate/aggregate.types.js';

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

/** `?branch=` */
export const branchQuery = branchName.default(MAIN_BRANCH);
