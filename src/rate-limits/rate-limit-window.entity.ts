import { defineEntity, p } from '@mikro-orm/core';

/** How many requests of one client one window has taken. Written by statements only: `rate-limit-windows.queries.ts`. */
export const RateLimitWindowSchema = defineEntity({
  name: 'RateLimitWindow',
  tableName: 'rate_limit_windows',
  properties: {
    /** Of limit and client, keyed and hashed: neither addresses nor names stand here. */
    key: p.blob().primary(),
    /** Points handed out to processes; never more than the limit. */
    used: p.integer(),
    /** What the last asker was given; only there to be returned to it. */
    granted: p.integer(),
    endsAt: p.datetime().columnType('timestamptz'),
  },
  checks: [{ name: 'rate_limit_windows_counts_check', expression: 'used >= 0 and granted >= 0' }],
});
