import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { Batcher } from '../../common/batcher.js';
import { SqlService } from '../../database/sql.service.js';
import { branchStamp, goesOn, HEAD, NEWEST_REVISION } from './history.queries.js';
import { HistoryChanged } from '../versioning.errors.js';

const MAX_BATCH = 1_000;

/**
 * Knows which history the store has, and lets go of what was remembered of it when that is another one: after a restore, or a failover that
 * lost commits, the numbers of series, branches and revisions may stand for something else.
 *
 * Whatever fills or relies on such a memory returns the {@link head} of its own snapshot, and {@link confirm} compares. That costs
 * nothing while no commit comes between, and one look at two keys where one does.
 */
@Injectable()
export class StoreHistory {
  private known: string | null = null;
  private readonly memories: (() => void)[] = [];
  private readonly settling = new AsyncLocalStorage<true>();
  private readonly looks = new Batcher<string, boolean>((heads) => this.look(heads), MAX_BATCH);

  constructor(private readonly sql: SqlService) {}

  /** SQL of the head of a snapshot, as text that begins with the number of the newest revision. */
  static head(): string {
    return HEAD;
  }

  /** SQL of the newest revision of a snapshot, as text that begins with its number: the same text is the same history of prices. */
  static newestRevision(): string {
    return NEWEST_REVISION;
  }

  /** SQL of what tells a branch, by the alias of its row, from one of another history with its number. */
  static branch(alias: string): string {
    return branchStamp(alias);
  }

  /** Registers what is to be forgotten together with the history. */
  onChange(forget: () => void): void {
    this.memories.push(forget);
  }

  /** Lets a head of the known history through; when it is of another one, forgets. **Errors**: `HistoryChanged`. */
  async confirm(head: string): Promise<void> {
    if (head === this.known) return;
    if (this.known === null) this.known = head;
    else if (!(await this.looks.load(head))) throw new HistoryChanged();
  }

  /** True for a head that an earlier one of the known history may be: that of a replica that lags behind. */
  isBehind(revision: number): boolean {
    return this.known !== null && revision < Number.parseInt(this.known, 10);
  }

  /**
   * Runs work that relies on memories, once more when the history turned out to be another one. Inside of another such work it leaves that
   * to the outer, which may have looked something up itself. **Errors**: those of `work`; it must have stored nothing when it throws
   * `HistoryChanged`.
   */
  async settled<T>(work: () => Promise<T>): Promise<T> {
    if (this.settling.getStore() === true) return work();
    return this.settling.run(true, async () => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof HistoryChanged)) throw error;
      }
      this.forget();
      return work();
    });
  }

  private async look(heads: readonly string[]): Promise<readonly boolean[]> {
    const { known } = this;
    const [head, isSame] = (known === null ? null : await this.sql.readOne(goesOn(known))) ?? [];
    if (isSame === false) this.forget();
    else if (typeof head === 'string') this.known = head;
    return heads.map(() => isSame === true);
  }

  private forget(): void {
    this.known = null;
    for (const forget of this.memories) forget();
  }
}
