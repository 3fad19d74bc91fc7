import { z } from 'zod';

/** A stock as clients see it. */
export const stockResponse = z
  .strictObject({
    id: z.uuid(),
    symbol: z.string(),
    name: z.string().nullable(),
    exchange: z.string().nullable(),
    currency: z.string().nullable(),
    isActive: z.boolean(),
    lastPullDate: z.iso.date().nullable().meta({ description: 'UTC day on which bars were last imported.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Stock' });
