import type { Statement } from './statement.js';

/**
 * Takes the turn of a job until the end of the transaction, if nobody else has it. **Shape**: one row: whether it was taken.
 *
 * **Why** two numbers: pairs are a space of their own, so a name that hashes to one of our single numbers takes no other lock.
 */
export function tryJobLock(name: string): Statement {
  return {
    name: 'job_try_lock',
    text: `select pg_try_advisory_xact_lock(7163001, hashtext($1))`,
    values: [name],
  };
}
