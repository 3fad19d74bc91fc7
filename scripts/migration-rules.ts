import type { SqlStatement } from './sql-statements.js';

/** A rule that squawk lacks. **Shape**: `refuses` is asked for each statement, all of the migration beside it. */
interface MigrationRule {
  readonly name: string;
  readonly refuses: (text: string, all: readonly string[]) => boolean;
  readonly mend: string;
}

const RULES: readonly MigrationRule[] = [
  {
    name: 'ban-json-type',
    refuses: (text) => /^(create|alter) table.*\sjson\b/i.test(text),
    mend: 'Use jsonb: json has no equality and is parsed again on every read.',
  },
  {
    name: 'ban-rename-enum-value',
    refuses: (text) => /^alter type.*\srename value\s/i.test(text),
    mend: 'The running release still writes the old value. Add a value, move over, and leave the old one.',
  },
  {
    name: 'ban-rename-object',
    refuses: (text) =>
      /^alter (type|domain|(materialized )?view|sequence|function|procedure|routine|trigger|policy)\b.* rename (?!value )/i.test(
        text,
      ) || /^alter table.* rename constraint /i.test(text),
    mend: 'The running release still uses the old name. Make a new one beside it, move over, and drop the old one later.',
  },
  {
    name: 'ban-schema-change',
    refuses: (text) =>
      /^(drop schema\b|alter schema\b.* rename )/i.test(text) || /^alter .* set schema /i.test(text),
    mend: 'The running release still looks in the old schema.',
  },
  {
    name: 'ban-table-rewrite',
    refuses: (text) =>
      /^(vacuum\b.*\bfull\b|cluster\b|alter table\b.* set (logged|unlogged|tablespace|access method)\b)/i.test(
        text,
      ),
    mend: 'The table is written anew while nobody may read it. Make a new one beside it and move over in batches.',
  },
  {
    name: 'ban-explicit-lock',
    refuses: (text) => /^lock\b/i.test(text),
    mend: 'Whoever needs the table waits until the migration commits. Let each statement take what it needs.',
  },
  {
    name: 'ban-truncate',
    refuses: (text) => /^truncate\b/i.test(text),
    mend: 'The running release loses rows, and waits until the migration commits. Delete in batches, in a migration of its own.',
  },
  {
    name: 'ban-do-block',
    refuses: (text) => /^do\b/i.test(text),
    mend: 'What it does is hidden from every rule. Write its statements one by one.',
  },
  {
    name: 'require-concurrent-refresh',
    refuses: (text) => /^refresh materialized view (?!concurrently\b)/i.test(text),
    mend: 'Nobody may read the view meanwhile: refresh materialized view concurrently.',
  },
  {
    name: 'ban-drop-used-object',
    refuses: (text, all) => {
      const dropped =
        /^drop (view|materialized view|type|domain|sequence|owned|function|procedure|aggregate|routine|trigger|policy|rule)\b/i;
      if (/^alter table\b.* drop constraint\b/i.test(text)) return !onNewTable(text, all);
      return dropped.test(text) && !onNewTable(text, all);
    },
    mend: 'The running release still uses it. Take it out of use in one release, and drop it in a later one.',
  },
  {
    name: 'ban-revoke',
    refuses: (text, all) =>
      /^(alter default privileges\b.* )?revoke\b.* from\b.*\bstockroom_app\b/i.test(text) &&
      !onNewTable(text, all),
    mend: 'The running release still needs the right. Take it out of use in one release, and revoke it in a later one.',
  },
  {
    name: 'ban-row-security',
    refuses: (text, all) =>
      /^alter table\b.* (enable|disable|force|no force) row level security\b/i.test(text) &&
      !onNewTable(text, all),
    mend: 'The running release does not say whose rows it wants, and finds none. Let it say so first, in a release of its own.',
  },
  {
    name: 'ban-backfill-with-schema-change',
    refuses: (text, all) =>
      /^(update|delete from)\b/i.test(text) &&
      all.some((other) => /^(create|alter|drop) (table|type|index)\b/i.test(other)),
    mend: 'Rows stay locked until the schema change commits. Move the data in a migration of its own, in batches.',
  },
];

/** What the rules refuse of one migration, each rule once. */
export function refusals(
  statements: readonly SqlStatement[],
): readonly { readonly rule: string; readonly mend: string }[] {
  const all = statements.map(({ text }) => text);
  return RULES.filter(({ name, refuses }) =>
    statements.some(({ text, ignored }) => !ignored.includes(name) && refuses(text, all)),
  ).map(({ name, mend }) => ({ rule: name, mend }));
}

/** Whether all tables that a statement is about were made in the same migration: no release uses them yet. */
function onNewTable(text: string, all: readonly string[]): boolean {
  const named =
    /^alter table (?:if exists )?(?:only )?([\w."]+)/i.exec(text)?.[1] ??
    /^(?:drop (?:trigger|policy|rule)|revoke)\b.*? on (?:table )?([\w.", ]+?)(?: from\b| cascade\b| restrict\b|$)/i.exec(
      text,
    )?.[1];
  if (named === undefined) return false;
  const made = new Set(
    all.flatMap(
      (other) => /^create table (?:if not exists )?([\w."]+)/i.exec(other)?.[1]?.toLowerCase() ?? [],
    ),
  );
  return named.split(',').every((name) => made.has(name.trim().toLowerCase()));
}
