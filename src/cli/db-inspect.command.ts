import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { Client } from 'pg';
import type { OpenDatabase } from '../boot/open-database.js';
import { runStatement, withConnection } from '../database/direct-connection.js';
import { readIndexReport, type IndexReport, type Unestimated } from '../database/inspection/index-report.js';
import { createStatistics } from '../database/inspection/slow-statements.queries.js';
import {
  readSlowStatements,
  type SlowReport,
  type StatementCost,
} from '../database/inspection/slow-statements.js';
import { withDatabase } from './command-context.js';
import { print, type OutputOptions } from './output.js';

/** Looking must never be what makes a server slow. **Units**: milliseconds. */
const LIMIT_MS = 30_000;
const MAX_TEXT = 160;

const HOW_TO_COUNT: Readonly<Record<'extension' | 'module', string>> = {
  module:
    'The server does not count its statements: put pg_stat_statements into shared_preload_libraries and pg_stat_statements.track_utility = off beside it, and restart it. The embedded one does so from its next start on, where its installation has the module.',
  extension:
    'This database does not show what the server counts: as a superuser, run "create extension pg_stat_statements" in it, with pg_stat_statements in shared_preload_libraries.',
};

const WHY_NOT: Readonly<Record<Unestimated, string>> = {
  kind: 'not a B-tree',
  expression: 'on an expression',
  grant: 'this user may not read the columns; the owner may',
  'row-security': 'row-level security hides the statistics from this user; a superuser sees them',
  statistics: 'no statistics; run analyze',
};

interface SlowOptions extends OutputOptions {
  readonly by: 'total' | 'mean';
  readonly limit: number;
}

/** `stockroom db slow` */
export function slowCommand(): Command {
  return new Command('slow')
    .description('show which statements took the most time, as the server counts them')
    .option('--by <order>', 'total or mean time', order, 'total')
    .option('--limit <count>', 'how many', wholeNumber, 20)
    .option('--json', 'print JSON for scripts')
    .action(async (options: SlowOptions) => {
      const report = await withDatabase('app', (database) => slowReport(database, options));
      if (report.missing !== null) throw new CommanderError(1, 'no-statistics', HOW_TO_COUNT[report.missing]);
      print(options, report, slowLines(report));
    });
}

/** `stockroom db indexes` */
export function indexesCommand(): Command {
  return new Command('indexes')
    .description('show indexes that are invalid, unused, superfluous, missing or bloated')
    .option('--min-rows <count>', 'tables and dead rows from this many on', wholeNumber, 10_000)
    .option('--min-bytes <count>', 'bloated indexes from this size on', wholeNumber, 1_048_576)
    .option('--json', 'print JSON for scripts')
    .action(async (options: OutputOptions & { minRows: number; minBytes: number }) => {
      const report = await withDatabase('app', ({ settings: { database }, superuser }) =>
        withConnection({ ...(superuser ?? database.app), database: database.app.database }, (client) =>
          onlyReading(client, () => readIndexReport(client, options)),
        ),
      );
      print(options, report, indexLines(report));
    });
}

/**
 * **Why** as the superuser of the embedded server, and in its own database: the view of statistics counts for the whole server, and in
 * the database of the service it would be a difference between entities and tables.
 */
async function slowReport(
  { settings, superuser }: OpenDatabase,
  { by, limit }: SlowOptions,
): Promise<SlowReport> {
  const { app } = settings.database;
  const connection = superuser === null ? app : { ...superuser, database: 'postgres' };
  return withConnection(connection, async (client) => {
    if (superuser !== null) await runStatement(client, createStatistics());
    const search = { database: app.database, order: by, limit } as const;
    return onlyReading(client, () => readSlowStatements(client, search));
  });
}

async function onlyReading<T>(client: Client, read: () => Promise<T>): Promise<T> {
  await client.query('begin read only');
  await client.query(`set local statement_timeout = ${LIMIT_MS}`);
  const result = await read();
  await client.query('rollback');
  return result;
}

function slowLines({ statements, mayReadAll }: Extract<SlowReport, { missing: null }>): string[] {
  const hidden = statements.filter(({ text }) => text === null).length;
  return [
    '     total     share       calls        mean   from memory  statement',
    ...statements.map((cost) => slowLine(cost)),
    ...(hidden > 0 && !mayReadAll
      ? [`Statements of other users are hidden: ${hidden}. A user with the role pg_read_all_stats sees them.`]
      : []),
  ];
}

function slowLine({ text, calls, totalMs, meanMs, share, fromMemory }: StatementCost): string {
  const cells = [
    `${(totalMs / 1_000).toFixed(2)} s`.padStart(10),
    percent(share).padStart(9),
    String(calls).padStart(11),
    `${meanMs.toFixed(3)} ms`.padStart(14),
    percent(fromMemory).padStart(11),
  ];
  const shown = text?.replaceAll(/\s+/g, ' ').trim() ?? '(hidden)';
  return `${cells.join(' ')}  ${shown.length > MAX_TEXT ? `${shown.slice(0, MAX_TEXT)}…` : shown}`;
}

function indexLines(report: IndexReport): string[] {
  return [...unneeded(report), ...missing(report), ...bloated(report)].flatMap(([title, lines]) => [
    `${title}:`,
    ...(lines.length > 0 ? lines.map((line) => `  ${line}`) : ['  none']),
  ]);
}

type Part = readonly [title: string, lines: readonly string[]];

function unneeded({ since, invalid, unused, duplicate }: IndexReport): readonly Part[] {
  return [
    [
      'invalid, because making them broke off or is under way; no read uses them: drop index concurrently, and make them again',
      invalid.map(({ table, index, bytes }) => `${index} on ${table}, ${size(bytes)}`),
    ],
    [
      `unused ${sinceText(since)}; look at replicas as well before you drop one`,
      unused.map(({ table, index, bytes }) => `${index} on ${table}, ${size(bytes)}`),
    ],
    [
      'superfluous, because another index begins with the same columns',
      duplicate.map(
        ({ index, coveredBy, table, bytes }) => `${index} on ${table}: see ${coveredBy}, ${size(bytes)}`,
      ),
    ],
  ];
}

function missing({ since, scanned, foreignKeys }: IndexReport): readonly Part[] {
  return [
    [
      `large tables that were read from end to end, ${sinceText(since)}`,
      scanned.map(
        ({ table, rows, scans, rowsRead, indexScans }) =>
          `${table}, ${rows} rows: ${scans} times, ${rowsRead} rows in all; by index ${indexScans} times`,
      ),
    ],
    [
      'foreign keys without an index, to tables from which rows are removed',
      foreignKeys.map(({ table, key, columns }) => `${key} on ${table} (${columns})`),
    ],
  ];
}

function bloated(report: IndexReport): readonly Part[] {
  return [
    [
      'tables with many dead rows, for vacuum',
      report.deadRows.map(
        ({ table, live, dead, vacuumedAt }) =>
          `${table}: ${dead} dead, ${live} live, last vacuum ${vacuumedAt ?? 'never'}`,
      ),
    ],
    [
      'bloated by estimate, for reindex index concurrently',
      report.bloated.map(
        ({ table, index, bytes, neededBytes }) =>
          `${index} on ${table}: ${size(bytes)}, about ${size(neededBytes)} would do`,
      ),
    ],
    [
      'not looked at for bloat',
      report.unestimated.map(
        ({ table, indexes, reason }) => `${indexes.join(', ')} on ${table}: ${WHY_NOT[reason]}`,
      ),
    ],
  ];
}

function sinceText(since: string | null): string {
  return since === null ? 'since the database was made' : `since ${since}`;
}

function size(bytes: number): string {
  return bytes < 1_048_576 ? `${Math.ceil(bytes / 1_024)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(1)} %`;
}

function order(text: string): 'total' | 'mean' {
  if (text !== 'total' && text !== 'mean') throw new InvalidArgumentError('It must be total or mean.');
  return text;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
