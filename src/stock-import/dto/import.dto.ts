import { z } from 'zod';
import { INTERVALS } from '../../bars/bar.types.js';
import { notStoredText } from '../../stock-data/aggregate/aggregate.types.js';
import { consequencesMember } from '../../bars/consequences.dto.js';
import { lineOfText } from '../../common/text.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')
  .meta({ type: 'boolean', default: false, enum: undefined });

const common = {
  interval: z.enum(INTERVALS, { error: ({ input }) => notStoredText(input) }).default('1d'),
  timezone: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/, 'must be an IANA time zone such as America/New_York')
    .default('UTC')
    .meta({ description: 'Zone of times that are written without an offset.' }),
  branch: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be the name of a branch')
    .default(MAIN_BRANCH),
  message: lineOfText(1000).optional(),
  onError: z
    .enum(['abort', 'skip'])
    .default('abort')
    .meta({ description: 'What a wrong row does: stops the whole import, or is left out and reported.' }),
  dryRun: flag.meta({ description: 'Report what would happen, and leave no trace.' }),
  dateFormat: z
    .enum(['iso', 'mdy', 'dmy'])
    .optional()
    .meta({ description: 'Order of day, month and year, where dates are not YYYY-MM-DD or YYYYMMDD.' }),
};

/** Query of `POST /v1/stocks/{symbol}/data`. */
export const importQuery = z.strictObject(common);
export type ImportQuery = z.infer<typeof importQuery>;

/** Query of `POST /v1/stock-data`. */
export const importManyQuery = z.strictObject({
  ...common,
  track: flag.meta({ description: 'Start tracking symbols that are not tracked yet.' }),
});
export type ImportManyQuery = z.infer<typeof importManyQuery>;

/** Answer of an import. */
export const importResponse = z
  .strictObject({
    revision: z
      .int()
      .nullable()
      .meta({ description: 'The new revision, or the newest one if nothing changed; null for a dry run.' }),
    inserted: z.int(),
    corrected: z.int(),
    unchanged: z.int(),
    rejected: z.int().meta({ description: 'Rows left out.' }),
    errorCount: z.int().meta({ description: 'All errors; a row may have several.' }),
    errors: z
      .array(z.strictObject({ line: z.int(), field: z.string(), message: z.string() }))
      .meta({ description: 'The first 100.' }),
    consequences: consequencesMember,
  })
  .meta({ id: 'ImportReport' });
