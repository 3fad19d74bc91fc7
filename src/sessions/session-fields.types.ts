import { z } from 'zod';

/** A session as its owner and administrators see it, alone or embedded in a person. **Shape**: as `SessionView`. */
export const sessionFields = z.strictObject({
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().meta({ description: 'Up to a minute old.' }),
  expiresAt: z.iso.datetime(),
  userAgent: z.string().nullable(),
  ip: z.string().nullable(),
  current: z.boolean().meta({ description: 'Whether it is the session that asks.' }),
});
