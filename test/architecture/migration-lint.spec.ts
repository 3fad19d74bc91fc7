import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './rules/source-files.js';

/** Changes to a table that is in use. **Shape**: the rule that must refuse it, and the statements of one migration. */
const UNSAFE: readonly (readonly [rule: string, ...statements: string[]])[] = [
  ['require-concurrent-index-creation', 'create index users_role_idx on users (role)'],
  ['ban-concurrent-index-creation-in-transaction', 'create index concurrently i on users (role)'],
  ['require-concurrent-index-deletion', 'drop index users_role_idx'],
  ['disallowed-unique-constraint', 'alter table users add constraint users_email_key unique (email)'],
  ['adding-foreign-key-constraint', 'alter table users add constraint f foreign key (a) references b (id)'],
  ['constraint-missing-not-valid', 'alter table users add constraint c check (length(email) > 3)'],
  ['adding-required-field', 'alter table users add column a text not null'],
  ['adding-not-nullable-field', 'alter table users alter column a set not null'],
  ['adding-field-with-default', 'alter table users add column a timestamptz default clock_timestamp()'],
  ['adding-serial-primary-key-field', 'alter table users add primary key (a)'],
  ['changing-column-type', 'alter table users alter column a type bigint'],
  ['renaming-column', 'alter table users rename column a to b'],
  ['renaming-table', 'alter table users rename to people'],
  ['ban-drop-column', 'alter table users drop column email'],
  ['ban-drop-table', 'drop table users'],
  ['ban-drop-not-null', 'alter table users alter column a drop not null'],
  ['ban-truncate-cascade', 'truncate users cascade'],
  ['transaction-nesting', 'begin', 'alter table users add column a text', 'commit'],
  ['adding-field-with-default', 'alter table users add column n int generated always as identity'],
  [
    'adding-field-with-default',
    'alter table users add column l int generated always as (length(email)) stored',
  ],
  ['prefer-identity', 'alter table users add column n bigserial'],
  ['constraint-missing-not-valid', 'alter table users add constraint x exclude using gist (p with &&)'],
  ['disallowed-unique-constraint', 'alter table users add column a uuid unique'],
  ['adding-foreign-key-constraint', 'alter table users add column a uuid references b (id)'],
  ['ban-alter-domain-with-add-constraint', 'alter domain price add constraint c check (value > 0)'],
  ['ban-create-domain-with-constraint', 'create domain price as numeric check (value > 0)'],
  ['ban-drop-database', 'drop database stockroom'],
  ['require-concurrent-reindex', 'reindex table users'],
  ['require-concurrent-partition-detach', 'alter table users detach partition users_1'],
  ['ban-char-field', 'alter table users add column a char(3)'],
  ['ban-uncommitted-transaction', 'begin', 'alter table users add column a text'],
  ['ban-table-rewrite', 'vacuum full users'],
  ['ban-table-rewrite', 'alter table users set unlogged'],
  ['ban-explicit-lock', 'lock table users in share mode'],
  ['require-concurrent-refresh', 'refresh materialized view totals'],
  ['ban-drop-used-object', 'drop view active_users'],
  ['ban-drop-used-object', 'drop type user_role'],
  ['prefer-timestamp-tz', 'alter table users add column a timestamp'],
  ['ban-json-type', 'alter table users add column a json'],
  ['ban-rename-enum-value', "alter type user_role rename value 'USER' to 'PERSON'"],
  ['ban-schema-change', 'drop schema reports'],
  ['ban-backfill-with-schema-change', 'alter table users add column a text', "update users set a = 'x'"],
  ['ban-explicit-lock', '-- why\nlock table users'],
  ['ban-explicit-lock', 'select 1; lock table users'],
  ['ban-explicit-lock', "select '--'; lock table users"],
  ['ban-drop-used-object', '/* c /* nested */ */ drop view v'],
  ['ban-explicit-lock', '-- lint-ignore ban-explicit-lock:\nlock table users'],
  ['ban-truncate', 'truncate users'],
  ['ban-do-block', 'do $$ begin drop table users; end $$'],
  ['ban-schema-change', 'alter table users set schema old'],
  ['ban-rename-object', 'alter type user_role rename to role_of_user'],
  ['ban-rename-object', 'alter view v rename to w'],
  ['ban-rename-object', 'alter view v rename column a to b'],
  ['ban-rename-object', 'alter table users rename constraint a to b'],
  ['ban-drop-used-object', 'drop function f(integer)'],
  ['ban-drop-used-object', 'drop trigger t on users'],
  ['ban-drop-used-object', 'drop policy p on users'],
  ['ban-drop-used-object', 'alter table users drop constraint c'],
  ['ban-revoke', 'revoke insert on users from stockroom_app'],
  ['ban-revoke', 'create table n (id uuid)', 'revoke insert on n, users from stockroom_app'],
  ['ban-row-security', 'alter table users enable row level security'],
];

const SAFE: readonly (readonly string[])[] = [
  [
    'create table notes (id uuid primary key, body text not null)',
    'create index notes_body_idx on notes (body)',
  ],
  ['alter table users add column a text'],
  ['alter table users add constraint c check (length(email) > 3) not valid'],
  ['alter table users validate constraint c'],
  ['refresh materialized view concurrently totals'],
  [
    "create function f() returns trigger language plpgsql as $$ begin update users set a = 'x'; return null; end $$",
  ],
  ['-- squawk-ignore ban-drop-column\nalter table users drop column email'],
  ['-- lint-ignore ban-drop-used-object: no release has called it since 1.4\ndrop function f(integer)'],
  [
    'create table notes (id uuid primary key)',
    'alter table notes enable row level security',
    'revoke update, delete on notes from stockroom_app',
  ],
  ["comment on table users is 'drop view v; lock table users'"],
];

/** Writes one migration per entry into a folder where their imports resolve, and runs the command on it. */
function lint(
  folder: string,
  migrations: readonly (readonly string[])[],
): { status: number | null; output: string } {
  mkdirSync(join(folder, 'migrations'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  migrations.forEach((statements, index) => {
    const calls = statements.map((text) => `this.addSql(${JSON.stringify(text)});`).join(' ');
    writeFileSync(
      join(folder, 'migrations', `${String(index + 1).padStart(3, '0')}_change.ts`),
      `import { Migration } from '@mikro-orm/migrations';\nexport class Change extends Migration { override up(): void { ${calls} } }`,
    );
  });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', '@swc-node/register/esm-register'],
      join(ROOT, 'scripts/lint-migrations.ts'),
      join(folder, 'migrations'),
    ],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

describe('the linter of migrations', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stockroom-migrations-'));
  let unsafe: ReturnType<typeof lint> = { status: null, output: '' };

  beforeAll(() => {
    const migrations = UNSAFE.map(([, ...statements]) => statements);
    unsafe = lint(join(folder, 'unsafe'), migrations);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('ends with a failure when it finds something', () => {
    expect(unsafe.status).toBe(1);
    expect(unsafe.output).toContain(`${UNSAFE.length} migrations`);
  });

  it.each(UNSAFE.map(([rule, ...statements], index) => [rule, statements.join('; '), index + 1] as const))(
    'refuses by %s: %s',
    (rule, _statements, number) => {
      expect(unsafe.output).toContain(`${String(number).padStart(3, '0')}_change: ${rule}: `);
    },
  );

  it('lets changes pass that a running service does not notice, and exceptions that are written down', () => {
    expect(lint(join(folder, 'safe'), SAFE)).toEqual({
      status: 0,
      output: `${SAFE.length} migrations, 0 findings.\n`,
    });
  });
});
