import { asOwner } from './sql.js';
import type { TestDatabase } from './test-database.js';

/** The comparison with the history in which prices were looked at. */
const COMPARES_HISTORIES = /seen_history = coalesce[^]*?'0 0'\)/;

const LOCKS_THE_ROW = 'for no key update';

const CHANGES = {
  'compares no histories': [COMPARES_HISTORIES, 'true'],
  'locks nothing': [LOCKS_THE_ROW, ''],
  'waits for locks': ['begin', `begin perform set_config('lock_timeout', '60s', true);`],
} as const;

/**
 * Takes something out of `append_message`, for controls. **Shape**: what puts the function back. **Errors**: when it has no such thing, so
 * that a control cannot go on without its fault.
 */
export async function changeAppend(
  db: TestDatabase,
  change: keyof typeof CHANGES,
): Promise<() => Promise<void>> {
  const [made] = await asOwner<{ text: string }>(
    db,
    `select pg_get_functiondef('append_message'::regproc) as text`,
  );
  const text = made?.text ?? '';
  const [part, instead] = CHANGES[change];
  const changed = text.replace(part, instead);
  if (changed === text) throw new Error(`append_message has nothing to change: ${change}`);
  await asOwner(db, changed);
  return async () => {
    await asOwner(db, text);
  };
}
