import { Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { ScheduledJobs } from '../../database/scheduled-job.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { SqlService } from '../../database/sql.service.js';
import { RetentionPass } from './retention-pass.js';
import {
  countConversations,
  countEnded,
  countTombstones,
  fewestDays,
  longestOverdue,
} from './retention.queries.js';
import type { RetentionCounts, RetentionReport } from './retention.types.js';

const EVERY_MS = 3_600_000;
/** A dry run holds no turn and locks nothing for long: it looks at as many as a run would. */
const DRY_BATCH_SIZE = 1_000;

/** Of so many old messages the one that is overdue is looked for. */
const LAG_SAMPLE = 500;

/**
 * Removes messages and conversations that are past their date, in batches, by one process at a time. Nothing is remembered between
 * runs: where one was killed, the next goes on. Bars and revisions stay, quoted or not.
 */
@Injectable()
export class RetentionService {
  private readonly logger = new Logger('Retention');
  private removed: RetentionCounts = { messages: 0, conversations: 0, tombstones: 0 };
  private finished: Date | null = null;

  constructor(
    private readonly jobs: ScheduledJobs,
    private readonly sql: SqlService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** What this process has removed since it started. */
  get totals(): RetentionCounts {
    return this.removed;
  }

  /** When this process last came to the end of a run; null when it has not yet. */
  get finishedAt(): Date | null {
    return this.finished;
  }

  /**
   * How far removal is behind: the time since the message that waits longest was past its date, of the oldest 500 that may be.
   * **Units**: seconds; up to an hour is the schedule itself. **Errors**: those of `SqlService.read`.
   */
  async lagSeconds(): Promise<number> {
    const statement = longestOverdue(this.settings.history.messageRetentionDays, LAG_SAMPLE);
    const [row] = await this.sql.readAs({ purpose: 'retention' }, statement);
    return Number(row?.[0]);
  }

  @Interval('retention', EVERY_MS)
  async onSchedule(): Promise<void> {
    const pass = this.newPass();
    for (const job of pass.jobs) await this.jobs.runOnSchedule(job);
    this.note(pass);
  }

  /**
   * Does now what the schedule does; a dry run counts instead. **Errors**: those of `SqlService.transaction`.
   */
  async run({ dryRun }: { readonly dryRun: boolean }): Promise<RetentionReport> {
    if (dryRun) return { dryRun, ...(await this.count()), finished: true };
    const pass = this.newPass();
    try {
      for (const job of pass.jobs) await this.jobs.run(job);
    } finally {
      this.note(pass);
    }
    return { dryRun, ...pass.counts, finished: pass.isFinished };
  }

  private newPass(): RetentionPass {
    return new RetentionPass(this.settings.history.messageRetentionDays);
  }

  /** The removal by age is done and taken back, part by part; the rest is counted. */
  private async count(): Promise<RetentionCounts> {
    const defaultDays = this.settings.history.messageRetentionDays;
    const pass = this.newPass();
    const step = <T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> =>
      this.sql.transactionAs({ purpose: 'retention' }, (tx) => {
        tx.rollback();
        return work(tx);
      });
    while ((await step((tx) => pass.nextAged(tx, DRY_BATCH_SIZE))) === DRY_BATCH_SIZE);
    return step(async (tx) => {
      const least = (await tx.runOne(fewestDays(defaultDays)))[0] as number | null;
      const [ended] = await tx.runOne(countEnded({ defaultDays, fewestDays: least }));
      const [conversations] = await tx.runOne(countConversations(defaultDays));
      const [tombstones] = await tx.runOne(countTombstones());
      return {
        messages: pass.counts.messages + Number(ended),
        conversations: Number(conversations),
        tombstones: Number(tombstones),
      };
    });
  }

  private note({ counts, isFinished }: RetentionPass): void {
    if (isFinished) this.finished = new Date();
    const { messages, conversations, tombstones } = counts;
    if (messages + conversations + tombstones === 0) return;
    this.removed = {
      messages: this.removed.messages + messages,
      conversations: this.removed.conversations + conversations,
      tombstones: this.removed.tombstones + tombstones,
    };
    this.logger.log({ msg: 'removed what was past its date', ...counts });
  }
}
