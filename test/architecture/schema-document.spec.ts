import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './rules/source-files.js';

const DOCUMENT = 'docs/schema.md';
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** `table.column` of every column that the committed dump makes. */
function dumpedColumns(dump: string): readonly string[] {
  return [...dump.matchAll(/^create (?:unlogged )?table public\.(\w+) \(\n([^]*?)\n\)/gm)].flatMap(
    ([, table = '', body = '']) =>
      [...body.matchAll(/^ {2}"?(\w+)"? /gm)].map(([, column]) => `${table}.${column}`),
  );
}

/** `table.column` of every row below a heading that is a table's name. */
function describedColumns(markdown: string): readonly string[] {
  return markdown.split(/^## /m).flatMap((section) => {
    const table = /^`(\w+)`/.exec(section)?.[1];
    if (table === undefined) return [];
    return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, column]) => `${table}.${column}`);
  });
}

describe('the page about the schema', () => {
  it('describes every column of every table, in the order of the tables, and no other', () => {
    const mend = `Edit ${DOCUMENT}: it must list the columns of test/schema.sql.`;
    const described = describedColumns(read(DOCUMENT));
    const dumped = dumpedColumns(read('test/schema.sql'));
    expect(dumped.length).toBeGreaterThan(50);
    expect([mend, described.toSorted()]).toEqual([mend, dumped.toSorted()]);
    const tables = [...new Set(described.map((name) => name.split('.')[0]))];
    for (const table of tables) {
      const of = (columns: readonly string[]): readonly string[] =>
        columns.filter((name) => name.startsWith(`${table}.`));
      expect(of(described)).toEqual(of(dumped));
    }
  });

  it('would be found out', () => {
    const dump = 'create table public.a (\n  id integer not null,\n  "interval" text\n);\n';
    expect(dumpedColumns(dump)).toEqual(['a.id', 'a.interval']);
    expect(
      describedColumns('## `a`\n\n| column |\n|---|\n| `id` | x |\n\n## Roles\n\n| `b` | y |\n'),
    ).toEqual(['a.id']);
  });
});
