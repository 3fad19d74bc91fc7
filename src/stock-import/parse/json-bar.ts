import type { BarReader, RawBar } from '../../bars/bar-reader.js';
import type { ParsedRow, RowError } from '../../bars/bar.types.js';
import { seen } from '../../bars/seen-text.js';

/** A JSON value as a bar needs it: numbers as they are written, so that no digit is lost. */
export type JsonScalar =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'other'; readonly what: string };

const NUMBERS = new Set(['open', 'high', 'low', 'close', 'adjClose', 'volume']);
const TEXTS = new Set(['date', 'ts', 'symbol']);

/** Most problems that are reported for one object. */
const MAX_PROBLEMS = 20;

/**
 * Collects the members of one JSON object and reads them as a bar of the contract: exactly its names, nothing beside them,
 * each at most once.
 */
export class JsonBarReader {
  private readonly seenKeys = new Set<string>();
  private raw: RawBar = emptyBar();
  private line = 0;
  private problems: RowError[] = [];

  constructor(private readonly bars: BarReader) {}

  /** Begins the object on this line. */
  begin(line: number): void {
    this.line = line;
    this.seenKeys.clear();
    this.raw = emptyBar();
    this.problems = [];
  }

  /** Takes one member. */
  member(key: string, value: JsonScalar): void {
    if (this.seenKeys.has(key)) return this.fail(fieldName(key), 'is given twice');
    this.seenKeys.add(key);
    if (NUMBERS.has(key)) return this.number(key as 'open', value);
    if (TEXTS.has(key)) return this.text(key as 'date' | 'ts' | 'symbol', value);
    this.fail(fieldName(key), 'is not a field of a bar');
  }

  /** **Shape**: the bar, or null after adding at least one error to `errors`. */
  end(errors: RowError[]): ParsedRow | null {
    if (this.seenKeys.has('date') && this.seenKeys.has('ts'))
      this.fail('ts', 'is given beside date: keep one of them');
    if (this.problems.length > 0) {
      errors.push(...this.problems);
      return null;
    }
    return this.bars.read(this.raw, this.line, errors);
  }

  private number(key: 'open' | 'high' | 'low' | 'close' | 'adjClose' | 'volume', value: JsonScalar): void {
    if (value.kind === 'null') return;
    if (value.kind === 'other')
      return this.fail(key, `must be a number or a decimal text, not ${value.what}`);
    if (value.text === '') return this.fail(key, 'is an empty text: use null for no value');
    this.raw[key] = value.text;
  }

  private text(key: 'date' | 'ts' | 'symbol', value: JsonScalar): void {
    if (value.kind !== 'text') {
      const what = value.kind === 'other' ? value.what : value.kind === 'null' ? 'null' : 'a number';
      return this.fail(key, `must be a text, not ${what}`);
    }
    this.raw[key === 'symbol' ? 'symbol' : 'date'] = value.text;
  }

  private fail(field: string, message: string): void {
    // One item can hold ten thousand unknown fields; nobody reads beyond the first few.
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ line: this.line, field, message });
  }
}

function emptyBar(): RawBar {
  const none = '';
  return {
    ...{ date: none, time: undefined, symbol: undefined },
    ...{ open: none, high: none, low: none, close: none, adjClose: none, volume: none },
  };
}

/** A key of the file, fit to stand in a report. */
function fieldName(key: string): string {
  return seen(key).slice(1, -1);
}
