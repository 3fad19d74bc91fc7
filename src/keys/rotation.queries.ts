import type { Statement } from '../database/statement.js';

/** A table with encrypted columns. **Shape**: names as in the database; the primary key is `id`, a uuid. */
export interface EncryptedTable {
  readonly table: string;
  readonly columns: readonly string[];
}

/** An encrypted value and what takes its place, if it is still what was read. */
export interface Replacement {
  readonly rowId: string;
  readonly old: string;
  readonly new: string;
}

// Any constant does, as long as nothing else of ours uses it.
const ROTATION_LOCK = '7163001044';

/** The same form as in the cipher: everything else is no value of ours. */
const KEY_ID = String.raw`^v1\.([a-z0-9][a-z0-9_-]{0,31})\.`;

/** Lets one rotation or retirement work at a time, until the connection ends. **Shape**: one row: whether this is the one. */
export function tryRotationLock(): Statement {
  return {
    name: 'rotation_lock',
    text: `select pg_try_advisory_lock(${ROTATION_LOCK})`,
    values: [],
  };
}

/** **Shape**: rows of column, key id (null for text that is no encrypted value) and count, as text. */
export function countCells({ table, columns }: EncryptedTable): Statement {
  return {
    name: 'rotation_count_cells',
    text: `
      select c.name, substring(c.value from $1), count(*)::text
      from ${quoted(table)} t
      cross join lateral (values ${columns.map((column) => `('${plain(column)}', t.${quoted(column)})`).join(', ')}) c (name, value)
      where c.value is not null
      group by 1, 2
      order by 1, 2`,
    values: [KEY_ID],
    prepared: false,
  };
}

/**
 * Rows with a value that is not under the key, in the order of their ids. **Shape**: id, then one value for each column, null
 * where there is none or it is under the key already. `keyId` null: every row with a value, whichever key it is under.
 */
export function staleCells(
  { table, columns }: EncryptedTable,
  page: { readonly keyId: string | null; readonly after: string | null; readonly limit: number },
): Statement {
  const stale = columns.map(
    (column) => `case when not starts_with(t.${quoted(column)}, $1) then t.${quoted(column)} end`,
  );
  return {
    name: 'rotation_stale_cells',
    text: `
      select t.id::text, ${stale.join(', ')}
      from ${quoted(table)} t
      where ($2::uuid is null or t.id > $2::uuid)
        and (${columns.map((column) => `not starts_with(t.${quoted(column)}, $1)`).join(' or ')})
      order by t.id
      limit $3`,
    // No id of a key is empty, so that no value begins with two dots.
    values: [`v1.${page.keyId ?? ''}.`, page.after, page.limit],
    prepared: false,
  };
}

/** Writes values, each only where the old one still stands: what somebody wrote meanwhile stays. */
export function replaceCells(table: string, column: string, replacements: readonly Replacement[]): Statement {
  return {
    name: 'rotation_replace_cells',
    text: `
      update ${quoted(table)} t
      set ${quoted(column)} = r.new
      from unnest($1::uuid[], $2::text[], $3::text[]) as r (id, old, new)
      where t.id = r.id
        and t.${quoted(column)} = r.old`,
    values: [
      replacements.map(({ rowId }) => rowId),
      replacements.map((replacement) => replacement.old),
      replacements.map((replacement) => replacement.new),
    ],
    prepared: false,
  };
}

/** Names come from the entities, never from a request; what is not plain is a slip in one of them. */
function plain(name: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new Error(`not a name of ours: ${name}`);
  return name;
}

function quoted(name: string): string {
  return `"${plain(name)}"`;
}
