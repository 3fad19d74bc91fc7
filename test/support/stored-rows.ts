import type { ConnectionSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';

/** What a running process notes of itself and of being asked at all. */
const NOTES: ReadonlySet<string> = new Set([
  'encryption_processes',
  'guess_limits',
  'rate_limit_windows',
  'sessions',
]);

/** Rows of each table but those notes, all columns as one text, in one order: equal before and after means that nothing was stored or changed. */
export async function storedRows(connection: ConnectionSettings): Promise<Record<string, readonly string[]>> {
  return withConnection(connection, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
    );
    const stored: Record<string, readonly string[]> = {};
    for (const { name } of tables.filter((table) => !NOTES.has(table.name))) {
      const { rows } = await client.query<{ text: string }>(
        `select t::text as text from "${name}" t order by 1`,
      );
      stored[name] = rows.map(({ text }) => text);
    }
    return stored;
  });
}
