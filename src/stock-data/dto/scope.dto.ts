import { z } from 'zod';
import { INTERVALS } from '../../bars/bar.types.js';
import { branchName } from '../../versioning/points/point.types.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';
import { notStoredText } from '../aggregate/aggregate.types.js';

/** `?interval=` of bars that are stored. */
export const intervalQuery = z
  .enum(INTERVALS, { error: ({ input }) => notStoredText(input) })
  .default('1d')
  .meta({ description: 'Length of a bar.' });

/** `?branch=` */
export const branchQuery = branchName.default(MAIN_BRANCH);
