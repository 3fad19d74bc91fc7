import { ownerVariables, type RowOwner } from './own-rows.js';
import type { Statement } from './statement.js';

/** How long a statement waits for a lock at most. **Units**: milliseconds. */
interface LockWait {
  readonly lockWaitMs?: number;
}

/** Says, until the transaction ends, whose rows it may touch. Policies compare with it. */
export function actAs(owner: RowOwner): Statement {
  const values = Object.entries(ownerVariables(owner)).flat();
  return { name: 'act_as', text: `select ${settings(owner, 0)}`, values };
}

/**
 * A statement that acts as somebody: the same answer, with the settings that policies compare with.
 *
 * **Why** one statement, where `begin`, {@link actAs}, the statement and `commit` say the same: alone it is a transaction, and settings of a
 * transaction end with it; the other three cost a third of a page of messages even when they are sent together.
 * **Why** it is safe: the statement is looked at by a lateral join that needs the settings' row and, for `offset 0`, cannot be taken
 * apart, so the settings are there before its first row is read. Were they not, policies would show nothing.
 */
export function actingAs(
  owner: RowOwner,
  { name, text, values, prepared }: Statement,
  { lockWaitMs }: LockWait = {},
): Statement {
  const patience = lockWaitMs === undefined ? '' : `set_config('lock_timeout', '${lockWaitMs}ms', true) || `;
  return {
    name: `${name}_as`,
    text: `
      with acting as materialized (select (${patience}${settings(owner, values.length, ' || ')}) is not null as ready)
      select answer.*
      from acting
      cross join lateral (select s.* from (${text}) s where acting.ready offset 0) answer`,
    values: [...values, ...Object.entries(ownerVariables(owner)).flat()],
    ...(prepared === undefined ? {} : { prepared }),
  };
}

function settings(owner: RowOwner, taken: number, glue = ', '): string {
  return Object.keys(ownerVariables(owner))
    .map((_, n) => `set_config($${taken + 2 * n + 1}, $${taken + 2 * n + 2}, true)`)
    .join(glue);
}
