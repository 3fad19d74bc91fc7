import { z } from 'zod';

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
