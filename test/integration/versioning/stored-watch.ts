import type { SqlService } from '../../../src/database/sql.service.js';
import { barPage } from '../../../src/stock-data/read/bar-page.queries.js';
import type { VersioningService } from '../../../src/versioning/versioning.service.js';

/**
 * Readers that hold revisions: they read series without pause while others write, keep every answer, and ask again. They read what is
 * stored, because an answer that comes from memory cannot change.
 *
 * **Shape**: `broken` lists what should never happen; empty is good.
 */
export class StoredWatch {
  readonly broken: string[] = [];
  reads = 0;
  private readonly held = new Map<string, { seriesId: number; revision: number; text: string }>();
  private stopped = false;
  private readonly running: Promise<void>[];

  constructor(
    private readonly sql: SqlService,
    private readonly versioning: VersioningService,
    series: readonly number[],
  ) {
    this.running = series.map((seriesId) => this.watch(seriesId));
  }

  /** Ends the reading and asks for every answer once more. **Shape**: {@link broken}. */
  async stop(): Promise<readonly string[]> {
    this.stopped = true;
    await Promise.all(this.running);
    for (const { seriesId, revision } of this.held.values()) await this.read(seriesId, revision);
    return this.broken;
  }

  private async watch(seriesId: number): Promise<void> {
    for (let turn = 0; !this.stopped; turn++) {
      await this.read(seriesId);
      const all = [...this.held.values()];
      const old = all[(turn * 7919) % all.length];
      if (old !== undefined) await this.read(old.seriesId, old.revision);
    }
  }

  private async read(seriesId: number, revision?: number): Promise<void> {
    this.reads++;
    const point = await this.versioning.readPoint('main', revision === undefined ? undefined : { revision });
    const range = { from: null, to: null, order: 'asc', limit: 10_000 } as const;
    const row = await this.sql.readOne(barPage({ ...range, seriesId, interval: '1d', point }, 'json'));
    const at = revision ?? Number.parseInt(String(row?.[0]), 10);
    const text = String(row?.[1]);
    const key = `${seriesId}@${at}`;
    const before = this.held.get(key);
    if (before === undefined) this.held.set(key, { seriesId, revision: at, text });
    else if (before.text !== text) this.broken.push(`the answer for ${key} changed`);
  }
}
