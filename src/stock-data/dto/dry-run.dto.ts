import { z } from 'zod';

/** What a dry run says of others that quote what it would change. Absent where it was none. */
export const consequencesMember = z
  .strictObject({
    restatedCitations: z.int().meta({ description: 'Citations, of whomever, that would be restated.' }),
  })
  .optional()
  .meta({ description: 'Of a dry run: what would follow.' });

/** `?dryRun=` */
export const dryRunQuery = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')
  .meta({
    type: 'boolean',
    default: false,
    enum: undefined,
    description: 'Report what would happen, and leave no trace.',
  });
