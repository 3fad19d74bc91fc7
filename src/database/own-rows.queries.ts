import { ownerVariables, type RowOwner } from './own-rows.js';
import type { Statement } from './statement.js';

/** Says, until the transaction ends, whose rows it may touch. Policies compare with it. */
export function actAs(owner: RowOwner): Statement {
  const settings = Object.entries(ownerVariables(owner));
  return {
    name: 'act_as',
    text: `select ${settings.map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, true)`).join(', ')}`,
    values: settings.flat(),
  };
}
