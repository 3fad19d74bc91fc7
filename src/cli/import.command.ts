import { basename } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { INTERVALS, SYMBOL_INPUT_PATTERN, type Interval } from '../bars/bar.types.js';
import { isStorable, lineOfText } from '../common/text.js';
import { ImportFileUnreadable } from '../stock-import/spool/spool.errors.js';
import { ImportRejected } from '../stock-import/stock-import.errors.js';
import type { FileFormat, ImportReport } from '../stock-import/stock-import.types.js';
import { UploadImportService } from '../stock-import/upload-import.service.js';
import { withApplication } from './command-context.js';
import { print, type OutputOptions } from './output.js';

interface ImportOptions extends OutputOptions {
  readonly symbol?: string;
  readonly interval: Interval;
  readonly branch: string;
  readonly message?: string;
  readonly timezone: string;
  readonly dateFormat?: 'iso' | 'mdy' | 'dmy';
  readonly format?: FileFormat;
  readonly track: boolean;
  readonly onError: 'abort' | 'skip';
  readonly dryRun: boolean;
}

/** `stockroom import`: files straight into the database, each as one revision. */
export function importCommand(): Command {
  return new Command('import')
    .description('import files of bars, each as one revision; "-" reads standard input')
    .argument('<file...>', '.csv, .ndjson, .json, each also as .gz; standard input may be gzip as well')
    .option(
      '--symbol <symbol>',
      'the stock that every bar belongs to; without it each row names its own',
      symbol,
    )
    .addOption(new Option('--interval <interval>', 'length of a bar').choices(INTERVALS).default('1d'))
    .option('--branch <name>', 'branch to import to', 'main')
    .option('--message <text>', 'what to note on the revision', message)
    .option('--timezone <zone>', 'IANA zone of times without an offset', 'UTC')
    .addOption(new Option('--date-format <order>', 'order of day and month').choices(['iso', 'mdy', 'dmy']))
    .addOption(
      new Option('--format <format>', 'how the file is written; by its name if not given').choices([
        'csv',
        'json',
        'ndjson',
      ]),
    )
    .option('--track', 'start tracking symbols that are not tracked yet, --symbol included', false)
    .addOption(
      new Option('--on-error <what>', 'what a wrong row does').choices(['abort', 'skip']).default('abort'),
    )
    .option('--dry-run', 'report what would happen, and leave no trace', false)
    .option('--json', 'print one line of JSON for each file')
    .action(async (files: string[], options: ImportOptions) => {
      await withApplication(async (app) => {
        for (const file of files) await importFile(app, file, options);
      });
    });
}

async function importFile(app: INestApplicationContext, path: string, options: ImportOptions): Promise<void> {
  const bar = progressBar(path, options);
  const { symbol = null, message = null, dateFormat, format = formatOf(path), ...rest } = options;
  try {
    const report = await app.get(UploadImportService).importLocal(path, {
      ...rest,
      symbol,
      message,
      dateFormat,
      format,
      source: path === '-' ? 'stdin' : basename(path).slice(0, 300),
      authorId: null,
      onProgress: (bytes, total) => bar?.update(bytes, total),
    });
    bar?.stop();
    print(options, { file: path, ...report }, [`${path}: ${summary(report, options)}`]);
    for (const error of report.errors)
      process.stderr.write(`${path}:${error.line}: ${error.field} ${error.message}\n`);
  } catch (error) {
    bar?.stop();
    if (error instanceof ImportRejected) reportRejected(path, error, options);
    // With several files nobody would know which one it was.
    if (!(error instanceof ImportFileUnreadable)) process.stderr.write(`${path}: `);
    throw error;
  }
}

function reportRejected(path: string, { extra }: ImportRejected, options: ImportOptions): void {
  const { errors, errorCount } = extra.details as unknown as ImportReport;
  if (options.json === true) print(options, { file: path, ...extra.details }, []);
  for (const error of errors)
    process.stderr.write(`${path}:${error.line}: ${error.field} ${error.message}\n`);
  if (errorCount > errors.length) process.stderr.write(`${path}: and ${errorCount - errors.length} more\n`);
}

function summary(report: ImportReport, { dryRun }: ImportOptions): string {
  const { revision, inserted, corrected, unchanged, rejected } = report;
  const counts = `${inserted} inserted, ${corrected} corrected, ${unchanged} unchanged, ${rejected} rejected`;
  if (dryRun) return `would be ${counts}`;
  return `${inserted + corrected > 0 ? `revision ${revision}` : 'nothing new'}: ${counts}`;
}

/** Only where somebody looks: not in a pipe, not beside JSON. */
function progressBar(
  path: string,
  options: ImportOptions,
): { update(bytes: number, total: number): void; stop(): void } | null {
  if (!process.stderr.isTTY || options.json === true) return null;
  const bar = new SingleBar({
    format: `${basename(path)} {bar} {percentage}% {eta_formatted}`,
    hideCursor: true,
  });
  let started = false;
  return {
    update(bytes, total) {
      if (!started) bar.start(total, 0);
      started = true;
      bar.update(Math.min(bytes, total));
    },
    stop: () => bar.stop(),
  };
}

function formatOf(path: string): FileFormat {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (name.endsWith('.ndjson') || name.endsWith('.jsonl')) return 'ndjson';
  return name.endsWith('.json') ? 'json' : 'csv';
}

function message(text: string): string {
  const parsed = lineOfText(1000).safeParse(text);
  if (!parsed.success || !isStorable(text))
    throw new InvalidArgumentError('It must be 1 to 1000 characters of text.');
  return parsed.data;
}

function symbol(text: string): string {
  const trimmed = text.trim();
  if (!SYMBOL_INPUT_PATTERN.test(trimmed))
    throw new InvalidArgumentError('It must be 1 to 10 of A-Z 0-9 . - ^ =');
  return trimmed.toUpperCase();
}
