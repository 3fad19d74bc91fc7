import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** A file of made-up bars. **Units**: `bytes` on the disk. */
export interface PriceFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

const LINES_A_CHUNK = 2_000;
const MINUTES_A_DAY = 390;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2010, 0, 4);

/** Small, fast and the same on every machine (a linear congruential generator); nothing depends on its quality. */
class Walk {
  private state = 20_101_126;
  private cents = 10_000;

  /** The prices and volume of the next bar, as a vendor writes them: two decimals, the adjusted close four. */
  next(): string {
    const close = (this.cents = Math.max(500, this.cents + this.upTo(201) - 100));
    const open = close + this.upTo(61) - 30;
    const high = Math.max(open, close) + this.upTo(40);
    const low = Math.min(open, close) - this.upTo(40);
    const text = (cents: number): string => (cents / 100).toFixed(2);
    return `${text(open)},${text(high)},${text(low)},${text(close)},${(close * 0.0098765).toFixed(4)},${this.upTo(90_000_000)}`;
  }

  private upTo(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
}

/** Minute bars of one stock, 390 a day. */
export function minuteFile(path: string, rows: number): Promise<PriceFile> {
  const walk = new Walk();
  return writeLines(path, 'Datetime,Open,High,Low,Close,Adj Close,Volume', rows, (row) => {
    const minute = row % MINUTES_A_DAY;
    const at = FIRST_DAY + ((row - minute) / MINUTES_A_DAY) * DAY_MS + (14 * 60 + 30 + minute) * 60_000;
    return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')},${walk.next()}`;
  });
}

/** Daily bars of many stocks, one stock after another. **Shape**: symbols `T0001` and on. */
export function dailyFile(
  path: string,
  { stocks, days }: { stocks: number; days: number },
): Promise<PriceFile> {
  const walk = new Walk();
  return writeLines(path, 'Symbol,Date,Open,High,Low,Close,Adj Close,Volume', stocks * days, (row) => {
    const day = row % days;
    const symbol = `T${String((row - day) / days + 1).padStart(4, '0')}`;
    return `${symbol},${new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10)},${walk.next()}`;
  });
}

async function writeLines(
  path: string,
  header: string,
  rows: number,
  line: (row: number) => string,
): Promise<PriceFile> {
  const file = createWriteStream(path);
  file.write(`${header}\n`);
  for (let row = 0; row < rows;) {
    let chunk = '';
    for (const end = Math.min(rows, row + LINES_A_CHUNK); row < end; row++) chunk += `${line(row)}\n`;
    if (!file.write(chunk)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  return { path, rows, bytes: file.bytesWritten };
}
