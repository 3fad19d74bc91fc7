import { defineEntity, p } from '@mikro-orm/core';

/**
 * Wrong guesses at one account: one row for each address that guesses, and one for all of them together. Written by statements
 * only: `guess-limits.queries.ts`.
 */
export const GuessLimitSchema = defineEntity({
  name: 'GuessLimit',
  tableName: 'guess_limits',
  properties: {
    /** Of account and address, keyed and hashed: neither stands here. */
    key: p.blob().primary(),
    failures: p.integer(),
    /** Whether the last attempt was let through; only there to be returned to it. */
    admitted: p.boolean(),
    /** When the next attempt is let through. */
    notBefore: p.datetime().columnType('timestamptz'),
    /** When the failures count no longer. */
    forgottenAt: p.datetime().columnType('timestamptz'),
    /** Until when the address counts as one that the account's owner uses; null where nobody signed in. */
    trustedUntil: p.datetime().columnType('timestamptz').nullable(),
  },
  checks: [{ name: 'guess_limits_failures_check', expression: 'failures >= 0' }],
});
