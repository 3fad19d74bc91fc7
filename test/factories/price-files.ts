import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A file of three good daily bars, in the most common layout. */
export const DAILY_CSV = [
  'Date,Open,High,Low,Close,Adj Close,Volume',
  '2020-01-02,100,110.5,99.25,105,104.9,1000',
  '2020-01-03,105,106,101.000001,102.5,102.4,2000',
  '2020-01-06,102.5,108,102.5,107,106.9,0',
  '',
].join('\n');

/** A text (or bytes) as a source that arrives in chunks of the given size. **Units**: bytes. */
export async function* inChunks(content: string | Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let start = 0; start < bytes.length; start += size) {
    await Promise.resolve();
    yield bytes.subarray(start, start + size);
  }
}

/** How much of a generated source was taken, to prove that a reader stopped early. **Units**: bytes. */
export interface Tap {
  taken: number;
}

/** A source of `total` equal bytes behind a beginning, made as it is read. */
export async function* endless(
  beginning: string,
  filler: string,
  total: number,
  tap: Tap,
): AsyncGenerator<Buffer> {
  const block = Buffer.alloc(64 * 1024, filler);
  yield Buffer.from(beginning);
  while (tap.taken < total) {
    await new Promise((resolve) => setImmediate(resolve));
    tap.taken += block.length;
    yield block;
  }
}

/**
 * A valid CSV file of any length, made as it is read: one-minute bars, strictly ascending, no two alike.
 *
 * **Units**: about 70 bytes for each of `rows`.
 */
export async function* generatedCsv(rows: number): AsyncGenerator<Buffer> {
  yield Buffer.from('Datetime,Open,High,Low,Close,Adj Close,Volume\n');
  const start = Date.UTC(1990, 0, 1);
  for (let row = 0; row < rows;) {
    const lines: string[] = [];
    for (const stop = Math.min(rows, row + 1000); row < stop; row++) {
      const time = new Date(start + row * 60_000).toISOString().slice(0, 19).replace('T', ' ');
      const base = 100 + (row % 9973) / 7;
      const [open, high, low] = [base, base + 1.5, base - 1.25].map((price) => price.toFixed(6));
      lines.push(`${time},${open},${high},${low},${open},${open},${(row * 7919) % 100_000_000}\n`);
    }
    await Promise.resolve();
    yield Buffer.from(lines.join(''));
  }
}

/** Real price files, where a checkout has them beside it. **Shape**: undefined when it has not. */
export function realFile(name: string): string | undefined {
  const path = join(import.meta.dirname, '../../../shared/data', name);
  return existsSync(path) ? path : undefined;
}

/** Everything that a parser gave, put together. */
export interface Collected<Row, Problem> {
  readonly rows: Row[];
  readonly errors: Problem[];
}

/** Reads a parser to its end. */
export async function collect<Row, Problem>(
  batches: AsyncIterable<{ readonly rows: Row[]; readonly errors: Problem[] }>,
): Promise<Collected<Row, Problem>> {
  const all: Collected<Row, Problem> = { rows: [], errors: [] };
  for await (const { rows, errors } of batches) {
    all.rows.push(...rows);
    all.errors.push(...errors);
  }
  return all;
}
