import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { DatabaseActivity } from './database-activity.service.js';
import { tryJobLock } from './scheduled-job.queries.js';
import type { SqlTransaction } from './sql-transaction.js';
import { SqlService } from './sql.service.js';
import { StartState } from './start-state.service.js';

/** Work that is done in small transactions, by one process at a time. */
export interface BatchJob {
  /** Stands for the job's lock and in the log; the same in every process. */
  readonly name: string;
  /** The most rows that one batch takes. */
  readonly batchSize: number;
  /** Does one batch. **Shape**: how many rows it took; fewer than `batchSize` when nothing is left. */
  readonly batch: (tx: SqlTransaction, limit: number) => Promise<number>;
}

/**
 * Runs jobs on a schedule in one process, however many there are. Each batch is a transaction that holds the job's lock, so that
 * a process that dies leaves neither a lock nor half a batch, and no transaction is open for long.
 */
@Injectable()
export class ScheduledJobs implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private readonly running = new Set<Promise<unknown>>();
  /** Runs that were due while the database rested. */
  private readonly overdue = new Map<string, BatchJob>();
  private isStopping = false;

  constructor(
    private readonly sql: SqlService,
    private readonly start: StartState,
    private readonly activity: DatabaseActivity,
  ) {
    activity.onWake(async () => this.catchUp());
  }

  /**
   * For a timer: runs the job to its end unless another process is at it. What goes wrong is logged, because nobody waits for it,
   * and is tried again the next time. Does nothing before the start is over or once the service stops.
   */
  async runOnSchedule(job: BatchJob): Promise<void> {
    if (this.isStopping || this.start.pending !== null) return;
    if (!this.activity.isAwake) {
      this.overdue.set(job.name, job);
      return;
    }
    const work = this.activity.unasked(() => this.runQuietly(job));
    this.running.add(work);
    await work;
    this.running.delete(work);
  }

  /**
   * Runs batches until one is not full, another process has the job's turn, or the service stops. **Shape**: rows taken.
   *
   * **Errors**: those of `SqlService.transaction`.
   */
  async run({ name, batchSize, batch }: BatchJob): Promise<number> {
    let total = 0;
    while (!this.isStopping) {
      const taken = await this.sql.transaction(async (tx) => {
        const [isOurs] = await tx.runOne(tryJobLock(name));
        return isOurs === true ? batch(tx, batchSize) : 0;
      });
      total += taken;
      if (taken < batchSize) break;
    }
    return total;
  }

  /** The batch that is under way is finished; no other begins. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.running);
  }

  /** Not waited for: whoever woke the database wants an answer. */
  private catchUp(): void {
    const due = [...this.overdue.values()];
    this.overdue.clear();
    for (const job of due) void this.runOnSchedule(job);
  }

  private async runQuietly(job: BatchJob): Promise<void> {
    try {
      const rows = await this.run(job);
      if (rows > 0) this.logger.debug({ msg: 'job done', job: job.name, rows });
    } catch (error) {
      this.logger.warn({ msg: 'job failed; the next run tries again', job: job.name, err: error });
    }
  }
}
