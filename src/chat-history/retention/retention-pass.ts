import type { BatchJob } from '../../database/scheduled-job.service.js';
import { actAs } from '../../database/own-rows.queries.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import {
  closeConversations,
  fewestDays,
  holdAged,
  holdEnded,
  removeAged,
  removeEnded,
  removeTombstones,
} from './retention.queries.js';
import type { RetentionCounts } from './retention.types.js';

/** Few enough that no batch holds locks for longer than a request may wait. */
const BATCH_SIZE = 1_000;

/** All processes take turns at batches under this name. */
const JOB = 'retention';

/**
 * One walk over everything that may be past its date: the jobs, in their order, and what they did so far.
 *
 * Conversations are closed before their messages go, so that none is seen half empty because its end has begun.
 */
export class RetentionPass {
  readonly counts: { -readonly [Name in keyof RetentionCounts]: RetentionCounts[Name] } = {
    messages: 0,
    conversations: 0,
    tombstones: 0,
  };
  readonly jobs: readonly BatchJob[];
  private readonly ended = new Set<BatchJob>();
  private after: readonly [string, string] | null = null;

  constructor(private readonly defaultDays: number | null) {
    this.jobs = [
      this.job(async (tx, limit) =>
        this.add('conversations', await tx.count(closeConversations(defaultDays, limit))),
      ),
      this.job((tx, limit) => this.nextAged(tx, limit)),
      this.job(async (tx, limit) => {
        const scope = { defaultDays, fewestDays: await this.fewestDays(tx) };
        const [held] = await tx.runOne(holdEnded(scope, limit));
        return this.add('messages', await tx.count(removeEnded(scope, limit, held as readonly string[])));
      }),
      this.job(async (tx, limit) => this.add('tombstones', await tx.count(removeTombstones(limit)))),
    ];
  }

  /** Whether every job has come to its end: false when another process had the turn in between. */
  get isFinished(): boolean {
    return this.jobs.every((job) => this.ended.has(job));
  }

  /** Looks at the next messages by age. **Shape**: how many were looked at; the kept ones among them are passed over for this walk. */
  async nextAged(tx: SqlTransaction, limit: number): Promise<number> {
    const least = await this.fewestDays(tx);
    if (least === null) return 0;
    const { defaultDays, after } = this;
    const page = { defaultDays, fewestDays: least, after, limit };
    const [held] = await tx.runOne(holdAged(page));
    const row = await tx.runOne(removeAged(page, held as readonly string[]));
    const [seen, removed, createdAt, id] = row as readonly [number, number, string | null, string | null];
    if (createdAt !== null && id !== null) this.after = [createdAt, id];
    this.add('messages', removed);
    return seen;
  }

  private async fewestDays(tx: SqlTransaction): Promise<number | null> {
    return (await tx.runOne(fewestDays(this.defaultDays)))[0] as number | null;
  }

  private job(batch: BatchJob['batch']): BatchJob {
    const made: BatchJob = {
      name: JOB,
      batchSize: BATCH_SIZE,
      batch: async (tx, limit) => {
        await tx.run(actAs({ purpose: 'retention' }));
        const taken = await batch(tx, limit);
        if (taken < limit) this.ended.add(made);
        return taken;
      },
    };
    return made;
  }

  private add(what: keyof RetentionCounts, count: number): number {
    this.counts[what] += count;
    return count;
  }
}
