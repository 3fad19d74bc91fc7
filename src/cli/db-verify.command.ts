import { readFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { entities } from '../../mikro-orm.config.js';
import { SchemaMigrator } from '../database/schema-migrator.js';
import { VerificationService } from '../verification/verification.service.js';
import type { RevisionChecksum, VerificationReport } from '../verification/verification.types.js';
import { withApplication, withDatabase } from './command-context.js';
import { print, type OutputOptions } from './output.js';

interface VerifyOptions extends OutputOptions {
  readonly sample: number;
  readonly against?: string;
}

interface Result extends VerificationReport {
  readonly sound: boolean;
  readonly pending: readonly string[];
}

/** `stockroom db verify`: whether a store is whole. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'read every stored secret, follow every citation and version, look at revisions and migrations; exit status 1 when something is not as it was',
    )
    .option('--sample <revisions>', 'of how many revisions to make a checksum', wholeNumber, 20)
    .option('--against <file>', 'what an earlier run printed with --json: its revisions must be the same')
    .option('--json', 'print JSON for scripts, and for --against')
    .action(async (options: VerifyOptions) => {
      const expected = options.against === undefined ? [] : await checksumsOf(options.against);
      const pending = await pendingMigrations();
      // A store that lacks tables of this build cannot be asked for them.
      if (pending.length > 0)
        throw new CommanderError(
          1,
          'pending',
          `Not applied are ${pending.join(', ')}. Run "stockroom db migrate" first.`,
        );
      const report = await withApplication((app) =>
        app.get(VerificationService).verify({ sample: options.sample, expected }),
      );
      const result = { sound: isSound(report), pending, ...report };
      print(options, result, lines(result));
      if (!result.sound) process.exitCode = 1;
    });
}

async function pendingMigrations(): Promise<readonly string[]> {
  const states = await withDatabase('migration', ({ settings }) =>
    new SchemaMigrator(settings, settings.database.migration, entities).status(),
  );
  return states.filter(({ appliedAt }) => appliedAt === null).map(({ name }) => name);
}

function isSound({ cells, citations, revisions, versions }: VerificationReport): boolean {
  return cells.unreadable + citations.faults + revisions.faults.length + versions.faults === 0;
}

function lines({ sound, cells, citations, revisions, versions }: Result): readonly string[] {
  const { head, checksums, faults, beyond } = revisions;
  return [
    `${cells.read} stored secrets were decrypted, ${cells.unreadable} were not.`,
    ...cells.unreadableCells.map(({ table, column, rowId }) => `  ${table}.${column} of row ${rowId}`),
    `${citations.citations} citations of ${citations.messages} messages were followed, ${citations.faults} lead astray.`,
    ...citations.faultyCitations.map(
      (it) => `  citation ${it.ordinal} of message ${it.messageId} ${it.fault}`,
    ),
    `${checksums.length} of ${head} revisions were looked at, ${faults.length} things are wrong with them.`,
    ...faults.map(({ revision, fault }) => `  revision ${revision} ${fault}`),
    ...(beyond === 0 ? [] : [`${beyond} revisions of the earlier run are newer than this store.`]),
    `${versions.versions} versions of bars were followed, ${versions.faults} do not end where the next one begins.`,
    ...versions.faultyVersions.map(
      (it) =>
        `  ${it.symbol} ${it.interval} ${it.time} on ${it.branch} as of revision ${it.revision} ${it.fault}`,
    ),
    'All migrations are applied.',
    sound ? 'The store is whole.' : 'The store is NOT whole.',
  ];
}

/** **Errors**: `CommanderError` for a file that is not what this command prints. */
async function checksumsOf(path: string): Promise<readonly RevisionChecksum[]> {
  const wrong = (): CommanderError =>
    new CommanderError(1, 'against', `${path} is not what "stockroom db verify --json" prints.`);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CommanderError(1, 'against', `${path} cannot be read.`);
  });
  const parsed = parsedOrNull(text) as { revisions?: { checksums?: unknown } } | null;
  const checksums = parsed?.revisions?.checksums;
  if (!Array.isArray(checksums) || !checksums.every(isChecksum)) throw wrong();
  return checksums;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isChecksum(value: unknown): value is RevisionChecksum {
  const { revision, checksum } = (value ?? {}) as Partial<Record<keyof RevisionChecksum, unknown>>;
  return Number.isSafeInteger(revision) && typeof checksum === 'string';
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
