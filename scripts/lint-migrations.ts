import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { refusals } from './migration-rules.js';
import { migrationSql, type MigrationSql } from './migration-sql.js';
import { sqlStatements } from './sql-statements.js';

/**
 * Refuses schema changes that lock or break a service that is running: squawk's rules, and a few that it lacks.
 * Tables made in the same migration are free: nobody uses them yet.
 *
 * Usage: `npm run lint:migrations -- [folder]`. An exception is written into the statement, with its reason:
 * `-- squawk-ignore ban-drop-column`; from a rule of ours by `-- lint-ignore ban-do-block: why it is safe`.
 */
const EXCLUDED = [
  // The short keys of bars save a third of the largest table; what they count (series, branches) stays in the thousands.
  'prefer-bigint-over-int',
  'prefer-bigint-over-smallint',
];

/** What a transactional migration needs no guard against: it is undone whole when it fails part way. */
const EXCLUDED_IN_TRANSACTION = ['prefer-robust-stmts'];

/** The migrator sets both on its connection; see `database/schema-migrator.ts`. */
const SESSION = "set lock_timeout = '1s'; set statement_timeout = '10min';";

interface SquawkFinding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  readonly help: string | null;
  readonly rule_name: string;
}

function squawk(migration: MigrationSql, folder: string): readonly string[] {
  const path = join(folder, `${migration.name}.sql`);
  writeFileSync(path, [SESSION, ...migration.statements.map((text) => `${text};`)].join('\n'));
  const excluded = [...EXCLUDED, ...(migration.transactional ? EXCLUDED_IN_TRANSACTION : [])];
  const { stdout, stderr, error } = spawnSync(
    process.execPath,
    [
      resolve(import.meta.dirname, '../node_modules/squawk-cli/js/bin/squawk'),
      ...['--reporter', 'json', '--pg-version', '15.0', '--exclude', excluded.join(',')],
      ...(migration.transactional ? ['--assume-in-transaction'] : []),
      path,
    ],
    { encoding: 'utf8' },
  );
  if (error !== undefined || !stdout.startsWith('['))
    throw error ?? new Error(`squawk failed: ${stderr}${stdout}`);
  return (JSON.parse(stdout) as readonly SquawkFinding[]).map(
    (finding) => `${migration.name}: ${finding.rule_name}: ${finding.message} ${finding.help ?? ''}`,
  );
}

function ownFindings({ name, statements }: MigrationSql): readonly string[] {
  return refusals(statements.flatMap(sqlStatements)).map(({ rule, mend }) => `${name}: ${rule}: ${mend}`);
}

const directory = resolve(process.argv[2] ?? join(import.meta.dirname, '../migrations'));
const migrations = await migrationSql(directory);
const folder = mkdtempSync(join(tmpdir(), 'stockroom-lint-'));
try {
  const findings = migrations.flatMap((migration) => [
    ...squawk(migration, folder),
    ...ownFindings(migration),
  ]);
  for (const finding of findings) console.error(finding.trim());
  console.log(`${migrations.length} migrations, ${findings.length} findings.`);
  if (findings.length > 0) {
    console.error(
      'Each rule is explained at https://squawkhq.com/docs/rules; see CONTRIBUTING.md, "A migration".',
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
