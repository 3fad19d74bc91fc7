import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { migrationSql, type MigrationSql } from './migration-sql.js';

/**
 * Refuses schema changes that lock or break a service that is running: squawk's rules, and a few that it lacks.
 * Tables made in the same migration are free: nobody uses them yet.
 *
 * Usage: `npm run lint:migrations -- [folder]`. An exception is written into the statement, with its reason:
 * `-- squawk-ignore ban-drop-column`.
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

const OWN_RULES: readonly {
  name: string;
  refuses: (statements: readonly string[]) => boolean;
  mend: string;
}[] = [
  {
    name: 'ban-json-type',
    refuses: (statements) => statements.some((text) => /^(create|alter)\s+table[\s\S]*\sjson\b/i.test(text)),
    mend: 'Use jsonb: json has no equality and is parsed again on every read.',
  },
  {
    name: 'ban-rename-enum-value',
    refuses: (statements) => statements.some((text) => /^alter\s+type[\s\S]*\srename\s+value\s/i.test(text)),
    mend: 'The running release still writes the old value. Add a value, move over, and leave the old one.',
  },
  {
    name: 'ban-schema-change',
    refuses: (statements) =>
      statements.some((text) => /^(drop\s+schema|alter\s+schema[\s\S]*\srename)\s/i.test(text)),
    mend: 'The running release still looks in the old schema.',
  },
  {
    name: 'ban-table-rewrite',
    refuses: (statements) =>
      statements.some((text) =>
        /^(vacuum[\s\S]*\bfull\b|cluster\b|alter\s+table[\s\S]*\sset\s+(logged|unlogged|tablespace|access\s+method)\b)/i.test(
          text,
        ),
      ),
    mend: 'The table is written anew while nobody may read it. Make a new one beside it and move over in batches.',
  },
  {
    name: 'ban-explicit-lock',
    refuses: (statements) => statements.some((text) => /^lock\s/i.test(text)),
    mend: 'Whoever needs the table waits until the migration commits. Let each statement take what it needs.',
  },
  {
    name: 'require-concurrent-refresh',
    refuses: (statements) =>
      statements.some((text) => /^refresh\s+materialized\s+view\s+(?!concurrently\b)/i.test(text)),
    mend: 'Nobody may read the view meanwhile: refresh materialized view concurrently.',
  },
  {
    name: 'ban-drop-used-object',
    refuses: (statements) =>
      statements.some((text) =>
        /^drop\s+(view|materialized\s+view|type|domain|sequence|owned)\s/i.test(text),
      ),
    mend: 'The running release still uses it. Take it out of use in one release, and drop it in a later one.',
  },
  {
    name: 'ban-backfill-with-schema-change',
    refuses: (statements) =>
      statements.some((text) => /^(update|delete\s+from)\s/i.test(text)) &&
      statements.some((text) => /^(create|alter|drop)\s+(table|type|index)\s/i.test(text)),
    mend: 'Rows stay locked until the schema change commits. Move the data in a migration of its own, in batches.',
  },
];

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
  return OWN_RULES.filter((rule) => rule.refuses(statements)).map(
    (rule) => `${name}: ${rule.name}: ${rule.mend}`,
  );
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
