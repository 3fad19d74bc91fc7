import type { ReadBarsService } from '../../src/stock-data/read/read-bars.service.js';
import type { SqlService } from '../../src/database/sql.service.js';

/** An answer that somebody holds: what a stock showed at a revision. */
interface Held {
  readonly symbol: string;
  readonly revision: number;
  readonly body: string;
}

/**
 * Somebody who reads without pause while others write, keeps every answer, asks again and looks whether the revisions appear one
 * after another.
 *
 * **Shape**: `broken` lists what should never happen; empty is good.
 */
export class RevisionWatch {
  readonly broken: string[] = [];
  reads = 0;
  private readonly held = new Map<string, Held>();
  private stopped = false;
  private readonly running: Promise<void>[];

  constructor(
    private readonly bars: ReadBarsService,
    private readonly sql: SqlService,
    symbols: readonly string[],
  ) {
    this.running = [...symbols.map((symbol) => this.watchStock(symbol)), this.watchNumbers()];
  }

  /** How many different answers are held. */
  get answers(): number {
    return this.held.size;
  }

  /** Ends the reading and asks for every answer once more. **Shape**: {@link broken}. */
  async stop(): Promise<readonly string[]> {
    this.stopped = true;
    await Promise.all(this.running);
    for (const held of this.held.values()) await this.askAgain(held);
    return this.broken;
  }

  private async watchStock(symbol: string): Promise<void> {
    for (let turn = 0; !this.stopped; turn++) {
      const body = await this.read(symbol);
      const { revision } = JSON.parse(body) as { revision: number };
      if (revision === 0) continue;
      this.compare({ symbol, revision, body });
      const all = [...this.held.values()];
      const old = all[(turn * 7919) % all.length];
      if (old !== undefined) await this.askAgain(old);
    }
  }

  private async watchNumbers(): Promise<void> {
    let seen = 0;
    const text = 'select coalesce(max(id), 0)::float8, count(*)::float8 from revisions';
    while (!this.stopped) {
      const [newest, count] = (await this.sql.readOne({ name: 'watch_numbers', text, values: [] })) ?? [];
      if (Number(newest) !== Number(count))
        this.broken.push(`revision ${String(newest)} is there, but only ${String(count)} are`);
      if (Number(newest) < seen) this.broken.push(`revision ${seen} went away`);
      seen = Number(newest);
    }
  }

  private async askAgain({ symbol, revision }: Held): Promise<void> {
    this.compare({ symbol, revision, body: await this.read(symbol, revision) });
  }

  private compare(answer: Held): void {
    const key = `${answer.symbol}@${answer.revision}`;
    const before = this.held.get(key);
    if (before === undefined) this.held.set(key, answer);
    else if (before.body !== answer.body) this.broken.push(`the answer for ${key} changed`);
  }

  private async read(symbol: string, revision?: number): Promise<string> {
    this.reads++;
    const asOf = revision === undefined ? undefined : { revision };
    const range = {
      symbol,
      interval: '1d',
      branch: 'main',
      asOf,
      from: null,
      to: null,
      order: 'desc',
    } as const;
    return (await this.bars.page(range, 10_000, undefined)).body.replace(/,"nextCursor":.*/, '}');
  }
}
