import { z } from 'zod';

/** What a probe is told: the state, and which cause it has. Nothing about versions, hosts or keys. */
export const probeResponse = z
  .strictObject({
    status: z.enum(['ok', 'error', 'shutting_down']),
    checks: z.record(z.string(), z.enum(['up', 'down'])),
  })
  .meta({ id: 'Probe' });
export type ProbeResponse = z.infer<typeof probeResponse>;

/** What an administrator is told on top of it. */
export const healthResponse = z
  .strictObject({
    status: z.enum(['ok', 'error', 'shutting_down']),
    checks: z.record(z.string(), z.looseObject({ status: z.enum(['up', 'down']) })),
    uptimeSeconds: z.number(),
    /** Of each replica, as it was last seen; one that is away is left alone, and the primary asked. */
    replicas: z.array(z.strictObject({ address: z.string(), isAway: z.boolean(), revision: z.int() })),
    pool: z.strictObject({ size: z.int(), idle: z.int(), waiting: z.int(), max: z.int() }),
  })
  .meta({ id: 'Health' });
export type HealthResponse = z.infer<typeof healthResponse>;
