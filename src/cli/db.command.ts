import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { entities } from '../../mikro-orm.config.js';
import { createRoles, ensureRoles } from '../boot/prepare-database.js';
import type { OpenDatabase } from '../boot/open-database.js';
import { withConnection } from '../database/direct-connection.js';
import { migrationNames, migrationNumber } from '../database/migration-files.js';
import { measureLocks } from '../database/migration-locks.js';
import { migrationScript } from '../database/migration-script.queries.js';
import { rolesScript } from '../database/roles.queries.js';
import { SchemaMigrator } from '../database/schema-migrator.js';
import { waitForDatabase } from '../database/wait-for-database.js';
import { withDatabase } from './command-context.js';
import { indexesCommand, slowCommand } from './db-inspect.command.js';
import { verifyCommand } from './db-verify.command.js';
import { print, type OutputOptions } from './output.js';

const JSON_OPTION = ['--json', 'print JSON for scripts'] as const;

/** `stockroom db …`: the database's roles and schema. */
export function dbCommand(): Command {
  return new Command('db')
    .description('wait for the database, bring its roles and schema up to date, look at them')
    .addCommand(wait())
    .addCommand(migrate())
    .addCommand(rollback())
    .addCommand(status())
    .addCommand(check())
    .addCommand(verifyCommand())
    .addCommand(sql())
    .addCommand(roles())
    .addCommand(slowCommand())
    .addCommand(indexesCommand());
}

function wait(): Command {
  return new Command('wait')
    .description('wait until the database takes connections')
    .option('--timeout <seconds>', 'give up after this long', wholeNumber, 300)
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions & { timeout: number }) => {
      await withDatabase('none', async ({ settings }, signal) => {
        await waitForDatabase(settings.database.migration, {
          seconds: options.timeout,
          signal,
          onRetry: (reason) => process.stderr.write(`waiting for the database (${reason})\n`),
        });
      });
      print(options, { ready: true }, ['The database takes connections.']);
    });
}

function migrate(): Command {
  return new Command('migrate')
    .description('apply pending migrations')
    .option('--to <number>', 'stop behind this one', wholeNumber)
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions & { to?: number }) => {
      requireMigration(options.to);
      const applied = await withMigrator(async (migrator, database) => {
        await ensureRoles(database);
        return migrator.up(options.to);
      });
      print(
        options,
        { applied },
        applied.length > 0 ? applied.map((name) => `applied ${name}`) : ['Nothing to apply.'],
      );
    });
}

function rollback(): Command {
  return new Command('rollback')
    .description('undo the newest migration, or all newer than --to')
    .option('--to <number>', 'the newest one to keep; 0 undoes all', wholeNumber)
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions & { to?: number }) => {
      if (options.to !== 0) requireMigration(options.to);
      const undone = await withMigrator((migrator) => migrator.down(options.to));
      print(
        options,
        { undone },
        undone.length > 0 ? undone.map((name) => `undid ${name}`) : ['Nothing to undo.'],
      );
    });
}

function status(): Command {
  return new Command('status')
    .description('list migrations, applied and pending')
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions) => {
      const states = await withMigrator((migrator) => migrator.status());
      const lines = states.map(
        ({ name, appliedAt }) => `${appliedAt?.toISOString() ?? 'pending'.padEnd(24)}  ${name}`,
      );
      print(options, states, lines);
    });
}

function check(): Command {
  return new Command('check')
    .description('compare entities and migrations with the database; exit status 1 when they differ')
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions) => {
      const { pending, drift } = await withMigrator(async (migrator) => {
        await migrator.requireKnown();
        const pending = (await migrator.status()).filter(({ appliedAt }) => appliedAt === null);
        return { pending: pending.map(({ name }) => name), drift: await migrator.drift() };
      });
      const lines = [
        ...pending.map((name) => `pending: ${name}`),
        ...(drift === '' ? [] : ['the entities expect:', drift]),
      ];
      print(
        options,
        { pending, drift },
        lines.length > 0 ? lines : ['Entities, migrations and database agree.'],
      );
      if (lines.length > 0) process.exitCode = 1;
    });
}

function sql(): Command {
  return new Command('sql')
    .description('print the SQL of pending migrations without running it, ready for psql')
    .option(
      '--locks',
      'try it in a transaction that is rolled back, and say what each statement locks',
      false,
    )
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions & { locks: boolean }) => {
      const pending = await withMigrator(async (migrator, { settings }) => {
        const plain = await migrator.pendingSql();
        return options.locks ? measureLocks(settings.database.migration, plain) : plain;
      });
      print(options, pending, migrationScript(pending).trimEnd().split('\n'));
    });
}

function roles(): Command {
  return new Command('roles')
    .description('create or repair roles and grants; idempotent')
    .option('--print', 'print the script, for psql, instead of running it', false)
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions & { print: boolean }) => {
      if (options.print) {
        process.stdout.write(rolesScript());
        return;
      }
      await withMigrator(async (migrator, { settings, superuser }) => {
        const connection = superuser ?? settings.database.migration;
        await withConnection(connection, (client) => createRoles(client, connection.user));
        await migrator.repairGrants();
      });
      print(options, { roles: 'ready' }, ['Roles and grants are in place.']);
    });
}

async function withMigrator<T>(
  work: (migrator: SchemaMigrator, database: OpenDatabase) => Promise<T>,
): Promise<T> {
  return withDatabase('migration', (database, signal) => {
    const { settings } = database;
    return work(new SchemaMigrator(settings, settings.database.migration, entities, signal), database);
  });
}

/** A number that does not exist is a typing error, and would mean "all" to one command and "none" to the other. */
function requireMigration(number: number | undefined): void {
  const numbers = migrationNames().map(migrationNumber);
  if (number === undefined || numbers.includes(number)) return;
  throw new CommanderError(
    1,
    'no-migration',
    `There is no migration ${number}; they are numbered from ${numbers[0]} to ${numbers.at(-1)}.`,
  );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
