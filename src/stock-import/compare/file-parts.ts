import type { FastRole } from '../parse/fast-pass.js';
import { fieldSpan } from '../parse/key-order.js';

/** Lines of one stock that follow each other in a file. */
export interface FilePart {
  readonly symbol: string;
  /** The oldest and the newest time. */
  readonly first: string;
  readonly last: string;
  readonly rows: number;
  /** Oldest first, each with its line break. */
  readonly lines: string;
}

/** Gathers the lines of a file, part by part of one stock. **Shape**: the lines of a stock either rise or fall in time. */
export class FileParts {
  /** Runs of lines of one stock so far, however they are taken out. */
  runs = 0;
  private parts: { readonly symbol: string; rows: number; lines: string }[] = [];
  private last: string | null = null;
  private readonly symbolColumn: number;
  private readonly keyColumn: number;

  /** **Shape**: `symbol` is that of all lines where they name none. */
  constructor(
    roles: readonly FastRole[],
    private readonly symbol: string,
  ) {
    this.symbolColumn = roles.indexOf('symbol');
    this.keyColumn = roles.findIndex((role) => role === 'date' || role === 'datetime');
  }

  /** Takes whole lines, so many of them. */
  add(lines: string, rows: number): void {
    if (this.symbolColumn === -1 && rows > 0) this.append(this.symbol, lines, rows);
    if (this.symbolColumn === -1) return;
    for (let from = 0; from < lines.length;) {
      const symbol = this.field(lines, from, this.symbolColumn);
      const run = this.runFrom(lines, from, symbol);
      this.append(symbol, lines.slice(from, run.end), run.rows);
      from = run.end;
    }
  }

  /** What was added since the last call. */
  take(): readonly FilePart[] {
    const taken = this.parts.map((part) => this.complete(part));
    this.parts = [];
    return taken;
  }

  private append(symbol: string, lines: string, rows: number): void {
    if (symbol !== this.last) this.runs++;
    this.last = symbol;
    const part = this.parts.at(-1);
    if (part?.symbol === symbol) {
      part.lines += lines;
      part.rows += rows;
    } else {
      this.parts.push({ symbol, rows, lines });
    }
  }

  private complete(part: { symbol: string; rows: number; lines: string }): FilePart {
    const { lines } = part;
    const first = this.field(lines, 0, this.keyColumn);
    const last = this.field(lines, lines.lastIndexOf('\n', lines.length - 2) + 1, this.keyColumn);
    if (first <= last) return { ...part, first, last };
    return { ...part, first: last, last: first, lines: reversed(lines) };
  }

  /** Where the lines of a symbol end that begin at `from`, and how many they are. */
  private runFrom(
    lines: string,
    from: number,
    symbol: string,
  ): { readonly end: number; readonly rows: number } {
    const isSame =
      this.symbolColumn === 0
        ? (at: number) => lines.startsWith(symbol, at) && lines[at + symbol.length] === ','
        : (at: number) => this.field(lines, at, this.symbolColumn) === symbol;
    let end = from;
    let rows = 0;
    for (; end < lines.length && isSame(end); rows++) end = lines.indexOf('\n', end) + 1;
    return { end, rows };
  }

  private field(lines: string, start: number, column: number): string {
    return lines.slice(...fieldSpan(lines, { start, end: lines.indexOf('\n', start) + 1 }, column));
  }
}

function reversed(lines: string): string {
  return `${lines.slice(0, -1).split('\n').reverse().join('\n')}\n`;
}
