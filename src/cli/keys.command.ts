import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { RetirementRefused } from '../keys/keys.errors.js';
import { KeysService } from '../keys/keys.service.js';
import type { CellCount, KeyStatus, RotationReport } from '../keys/keys.types.js';
import { withApplication } from './command-context.js';
import { print, type OutputOptions } from './output.js';

const JSON_OPTION = ['--json', 'print JSON for scripts'] as const;

/** `stockroom keys …`: the keys that stored secrets are encrypted with. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('encryption keys: what is under each, rotation, retirement (see docs/encryption.md)')
    .addCommand(status())
    .addCommand(rotate())
    .addCommand(retire());
}

function status(): Command {
  return new Command('status')
    .description('list the keys, the values under each by table and column, and which process has which')
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions) => {
      const found = await withApplication(async (app) => app.get(KeysService).status());
      print(options, found, [...keyLines(found), '', ...cellLines(found.cells), '', ...processLines(found)]);
    });
}

function rotate(): Command {
  return new Command('rotate')
    .description(
      'encrypt every stored secret anew under the primary key; beside a running service, and again after a break',
    )
    .option('--new-key', 'first make a new key and bring it to every process, through the key file', false)
    .option('--timeout <seconds>', 'how long to wait for the processes in each step', wholeNumber, 120)
    .option(...JSON_OPTION)
    .action(async (options: OutputOptions & { newKey: boolean; timeout: number }) => {
      const bar = progressBar(options);
      try {
        const report = await withApplication(async (app) =>
          app.get(KeysService).rotate({
            newKey: options.newKey ? { timeoutSeconds: options.timeout } : null,
            onStep: (step) => process.stderr.write(`${step}\n`),
            onProgress: (done, total) => bar?.update(done, total),
          }),
        );
        bar?.stop();
        print(options, report, [outcomeLine(report)]);
        for (const { table, column, rowId } of report.unreadableCells)
          process.stderr.write(`cannot be read: ${table}.${column} of row ${rowId}\n`);
        if (report.unreadable > 0 || report.left > 0) process.exitCode = 1;
      } finally {
        bar?.stop();
      }
    });
}

function retire(): Command {
  return new Command('retire')
    .description('take a key out of use for good; refused while values are left under it')
    .argument('<id>', 'the id of the key')
    .option(...JSON_OPTION)
    .action(async (id: string, options: OutputOptions) => {
      try {
        const { withdrawn } = await withApplication(async (app) => app.get(KeysService).retire(id));
        print(options, { retired: id, withdrawn }, [
          `"${id}" is retired.`,
          withdrawn
            ? 'It is no longer in the key file.'
            : 'Take it out of the configuration with the next deployment.',
          'Keep a copy for as long as you keep backups from before the rotation.',
        ]);
      } catch (error) {
        if (error instanceof RetirementRefused) {
          if (options.json === true) print(options, { refused: id, left: error.left }, []);
          for (const line of cellLines(error.left)) process.stderr.write(`${line}\n`);
        }
        throw error;
      }
    });
}

/** What a rotation came to, in one sentence. */
export function outcomeLine({ primary, rotated, unreadable, left }: RotationReport): string {
  const done = `${rotated} values were encrypted anew;`;
  if (left > 0)
    return `${done} not under "${primary}" are ${unreadable} that cannot be read and ${left} that somebody keeps putting back: see which process writes with another key, then run it again.`;
  return `${done} all are under "${primary}"${unreadable > 0 ? ` but ${unreadable} that cannot be read` : ''}.`;
}

/** One line for each key. */
export function keyLines({ keys, primary }: Pick<KeyStatus, 'keys' | 'primary'>): string[] {
  return keys.map(({ id, onRing, isRetired, cells, encryptedValues }) => {
    const role = isRetired ? 'retired' : id === primary ? 'primary' : onRing ? 'reads' : 'not configured';
    return `${id.padEnd(32)}  ${role.padEnd(14)}  ${cells} values, ${encryptedValues} ever encrypted`;
  });
}

function cellLines(cells: readonly CellCount[]): string[] {
  return cells.map(({ table, column, keyId, count }) => {
    return `${`${table}.${column}`.padEnd(40)}  ${(keyId ?? 'no encrypted value').padEnd(32)}  ${count}`;
  });
}

function processLines({ processes }: KeyStatus): string[] {
  if (processes.length === 0) return ['No process of the service is running.'];
  return processes.map(
    ({ name, keyIds }) => `${name}: writes with ${keyIds[0] ?? '-'}, reads ${keyIds.join(', ')}`,
  );
}

/** Only where somebody looks: not in a pipe, not beside JSON. */
function progressBar(
  options: OutputOptions,
): { update(done: number, total: number): void; stop(): void } | null {
  if (!process.stderr.isTTY || options.json === true) return null;
  const bar = new SingleBar({ format: 'rotating {bar} {value}/{total} {eta_formatted}', hideCursor: true });
  let started = false;
  return {
    update(done, total) {
      if (!started) bar.start(total, 0);
      started = true;
      bar.update(Math.min(done, total));
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
