import { CsvError, parse } from 'csv-parse/sync';
import { ImportHeaderUnusable } from '../stock-import.errors.js';
import type { DateFormat, ParseOptions } from '../../bars/bar.types.js';
import { seen } from '../../bars/seen-text.js';

/** What a column holds. `date` may hold a time of day too when the file has no `time` column. */
export type ColumnRole =
  'date' | 'time' | 'symbol' | 'open' | 'high' | 'low' | 'close' | 'adjClose' | 'volume' | 'ignored';

/** A header line, understood. **Shape**: `names` and `roles` in file order, without empty names at the end. */
export interface CsvHeader {
  readonly delimiter: string;
  readonly names: readonly string[];
  readonly roles: readonly ColumnRole[];
  /** The vendor whose files have US dates, dollar signs and thousands separators; told by its `Close/Last` column. */
  readonly nasdaq: boolean;
  readonly dateFormat: DateFormat | undefined;
}

const ROLES: ReadonlyMap<string, ColumnRole> = new Map<string, ColumnRole>([
  ['date', 'date'],
  ['datetime', 'date'],
  ['timestamp', 'date'],
  ['ts', 'date'],
  ['time', 'time'],
  ['open', 'open'],
  ['high', 'high'],
  ['low', 'low'],
  ['close', 'close'],
  ['close/last', 'close'],
  ['adjclose', 'adjClose'],
  ['adjustedclose', 'adjClose'],
  ['adjusted', 'adjClose'],
  ['volume', 'volume'],
  ['vol', 'volume'],
]);

/** In falling order: with `Ticker,Name` the name is a company's, alone it is what some files call the symbol. */
const SYMBOL_NAMES = ['symbol', 'ticker', 'stock', 'name'] as const;
const DELIMITERS = [',', ';', '\t', '|'] as const;
const PREFIXED = /^(.+)\.([a-z]+)$/;
const LOOKS_LIKE_DATA = /^\$?\d[\d.,:/ TZ-]*$/;

/**
 * Finds out how a CSV file is laid out from its first line.
 *
 * **Errors**: `ImportHeaderUnusable` naming what is missing, given twice or for another stock.
 */
export function readHeader(line: string, lineNumber: number, options: ParseOptions): CsvHeader {
  const delimiter = delimiterOf(line);
  const names = splitHeader(line, lineNumber, delimiter);
  const read = names.map((name) => normalise(name, options));
  const keys = read.map(({ key }) => key);
  const foreign = names.find((_, index) => read[index]?.foreign === true);
  const roles = keys.map((key): ColumnRole => ROLES.get(key) ?? 'ignored');
  const symbolName = SYMBOL_NAMES.find((name) => keys.includes(name));
  keys.forEach((key, index) => {
    if (key === symbolName) roles[index] = 'symbol';
  });
  requireColumns({ line, lineNumber, names, roles, options, foreign });
  const nasdaq = keys.includes('close/last');
  return { delimiter, names, roles, nasdaq, dateFormat: options.dateFormat ?? (nasdaq ? 'mdy' : undefined) };
}

function delimiterOf(line: string): string {
  const outsideQuotes = line.replace(/"[^"]*"/g, '');
  let best = ',';
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const count = outsideQuotes.split(delimiter).length - 1;
    if (count > most) [best, most] = [delimiter, count];
  }
  return best;
}

function splitHeader(line: string, lineNumber: number, delimiter: string): string[] {
  try {
    // Relaxed, so that a vendor's JSON error is refused for the columns it lacks and not for where its quotes stand.
    const layout = {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      trim: true,
      record_delimiter: '\n',
    };
    const [cells = []] = parse(line, layout);
    const names = cells.map((cell) => cell.trim());
    while (names.at(-1) === '') names.pop();
    return names;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const message = `A quote in the header at line ${lineNumber} is not closed. It begins ${seen(line, 80)}.`;
    throw new ImportHeaderUnusable(message, { line: lineNumber });
  }
}

/**
 * Case, spaces, underscores and the angle brackets of some vendors do not tell columns apart; a stock's own prefix may lead.
 * A dot with a space behind it is an abbreviation's (`Adj. Close`), not a prefix's.
 */
function normalise(name: string, options: ParseOptions): { key: string; foreign: boolean } {
  const key = name
    .replace(/\.\s+/g, '')
    .toLowerCase()
    .replace(/[\s_<>]/g, '');
  const [, prefix, rest = ''] = PREFIXED.exec(key) ?? [];
  if (prefix === undefined || !ROLES.has(rest) || rest === 'time') return { key, foreign: false };
  // The R tools that write such headers drop the caret of index symbols.
  const expected = options.symbol?.toLowerCase();
  const own = prefix === expected || `^${prefix}` === expected;
  return own ? { key: rest, foreign: false } : { key, foreign: true };
}

function foreignColumn(name: string, { symbol }: ParseOptions): string {
  const prefix = name.slice(0, name.lastIndexOf('.')).toUpperCase();
  const reason =
    symbol === undefined
      ? 'such a file is imported for that one stock, or needs a Symbol column'
      : `the import is for ${symbol}`;
  return `Column ${seen(name)} is for ${seen(prefix)}, but ${reason}.`;
}

interface HeaderParts {
  readonly line: string;
  readonly lineNumber: number;
  readonly names: readonly string[];
  readonly roles: readonly ColumnRole[];
  readonly options: ParseOptions;
  /** The first column that is another stock's, if any. */
  readonly foreign: string | undefined;
}

function requireColumns({ line, lineNumber, names, roles, options, foreign }: HeaderParts): void {
  const fail = (message: string): never => {
    throw new ImportHeaderUnusable(message, { line: lineNumber });
  };
  const missing = (['date', 'close'] as const).filter((role) => !roles.includes(role));
  if (missing.length > 0) {
    if (foreign !== undefined) fail(foreignColumn(foreign, options));
    const what = missing
      .map((role) => (role === 'date' ? 'Date (or Datetime, Timestamp)' : 'Close'))
      .join(' and no ');
    const hint = LOOKS_LIKE_DATA.test(names[0] ?? '')
      ? ' The first line looks like data: a header line is needed.'
      : '';
    fail(`The header at line ${lineNumber} has no ${what} column.${hint} It begins ${seen(line, 80)}.`);
  }
  if (options.symbol === undefined && !roles.includes('symbol')) {
    fail('The header has no Symbol (or Ticker, Name, Stock) column, which a file for many stocks needs.');
  }
  roles.forEach((role, index) => {
    if (role === 'ignored') return;
    const first = roles.indexOf(role);
    if (first === index) return;
    fail(
      `Columns ${seen(names[first] ?? '')} and ${seen(names[index] ?? '')} both give the ${role}: keep one of them.`,
    );
  });
}
