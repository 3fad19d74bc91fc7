import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row } from '../../database/statement.js';
import type { Pages } from './differing-lines.js';
import { storedLines, type StoredLines } from './stored-bars.queries.js';

/** A file may be a few lines long: only who reads on is given much. **Units**: bars. */
const FIRST_PAGE = 1_000;
const PAGE = 20_000;

/** The stored bars of a series from a time on. The next page is on its way while one is looked at. */
export class StoredBars implements Pages {
  private ahead: Promise<Row> | null = null;
  private limit = FIRST_PAGE;
  private last: string | null = null;
  private ended = false;

  constructor(
    private readonly tx: SqlTransaction,
    private readonly bars: Omit<StoredLines, 'after' | 'limit'>,
  ) {}

  async next(): Promise<string | null> {
    if (this.ended) return null;
    const [lines, count, last] = await (this.ahead ?? this.ask());
    this.ahead = null;
    this.ended = Number(count) < this.limit;
    this.last = last as string | null;
    if (!this.ended && this.limit === PAGE) this.ahead = this.ask();
    this.limit = PAGE;
    return lines as string | null;
  }

  /** Waits until no statement is under way, which is not for the transaction to go on beside. */
  async close(): Promise<void> {
    await this.ahead?.catch(() => undefined);
  }

  private ask(): Promise<Row> {
    const from = this.last ?? this.bars.from;
    const asked = this.tx.runOne(
      storedLines({ ...this.bars, from, after: this.last !== null, limit: this.limit }),
    );
    // Whoever waits for it is told; there may be nobody.
    asked.catch(() => undefined);
    return asked;
  }
}
