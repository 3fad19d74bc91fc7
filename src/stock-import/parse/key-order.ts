/** Beyond this, remembering the symbols of a file would cost more memory than the look for duplicates costs time. */
const MAX_SYMBOLS = 100_000;

/** Where the parts of a key stand in a line. **Shape**: column numbers from 0; -1 for a part that lines do not have. */
export interface KeyColumns {
  readonly date: number;
  readonly time: number;
  readonly symbol: number;
}

/** One sequence of keys that has to keep strictly to the direction of its first step. */
class Run {
  strict = true;
  private direction = 0;

  /** Takes the step from one key to the next. */
  step(from: string, to: string): void {
    const direction = from < to ? 1 : from > to ? -1 : 0;
    if (direction === 0 || this.direction === -direction) this.strict = false;
    this.direction = direction;
  }

  /** Lets the next step choose its direction anew. */
  restart(): void {
    this.direction = 0;
  }
}

/**
 * Watches whether the order of the lines alone rules out two lines for the same bar. Cheaper than looking for them: a file
 * of one stock is nearly always sorted, and so are the parts of a file of many.
 */
export class KeyOrder {
  /** Times within each symbol, where every symbol stands in one run of lines. */
  private readonly bySymbol = new Run();
  /** Times, and symbols within one time. */
  private readonly byTime = new Run();
  private readonly withinTime = new Run();
  /** Every symbol met, as long as the order is strict. **Shape**: one empty text where lines name none. */
  readonly symbols = new Set<string>();
  private lastKey = '';
  private lastSymbol = '';
  private sameShape = true;
  private first = true;

  constructor(private readonly columns: KeyColumns) {}

  /** Whether all lines so far are proven to be for different bars. */
  get strict(): boolean {
    if (!this.sameShape) return false;
    return this.bySymbol.strict || (this.byTime.strict && this.withinTime.strict);
  }

  /** Takes the line of `text` from `start` to `end`, which is of the proven form. */
  observe(text: string, start: number, end: number): void {
    if (!this.strict) return;
    const { columns } = this;
    const date = fieldAt(text, start, end, columns.date);
    const key = columns.time === -1 ? date : `${date} ${fieldAt(text, start, end, columns.time)}`;
    const symbol = columns.symbol === -1 ? '' : fieldAt(text, start, end, columns.symbol);
    if (this.first) this.remember(symbol);
    else this.compare(key, symbol);
    this.first = false;
    this.lastKey = key;
    this.lastSymbol = symbol;
  }

  private compare(key: string, symbol: string): void {
    const last = this.lastKey;
    // 09:30 and 09:30:00, or a T for a space, are one time in two texts: text order proves nothing then.
    if (key.length !== last.length || key[10] !== last[10]) this.sameShape = false;
    if (symbol === this.lastSymbol) this.bySymbol.step(last, key);
    else if (this.symbols.has(symbol) || this.symbols.size >= MAX_SYMBOLS) this.bySymbol.strict = false;
    else this.remember(symbol);
    if (this.columns.symbol === -1) {
      this.byTime.strict = false;
    } else if (key === last) {
      this.withinTime.step(this.lastSymbol, symbol);
    } else {
      this.byTime.step(last, key);
      this.withinTime.restart();
    }
  }

  private remember(symbol: string): void {
    this.symbols.add(symbol);
    this.bySymbol.restart();
  }
}

function fieldAt(text: string, start: number, end: number, column: number): string {
  const [from, to] = fieldSpan(text, { start, end }, column);
  return text.slice(from, to);
}

/** Where one field of a line without quotes begins and ends. **Shape**: `line` includes its line break. */
export function fieldSpan(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  column: number,
): readonly [number, number] {
  let from = start;
  for (let i = 0; i < column; i++) from = text.indexOf(',', from) + 1;
  const comma = text.indexOf(',', from);
  // The last field ends before its line break, of which an LF is always the last character.
  if (comma !== -1 && comma < end) return [from, comma];
  return [from, text.charCodeAt(end - 2) === 13 ? end - 2 : end - 1];
}
