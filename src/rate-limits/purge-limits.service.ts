import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { ScheduledJobs } from '../database/scheduled-job.service.js';
import { removeForgotten } from './guess-limits.queries.js';
import { removeOldWindows } from './rate-limit-windows.queries.js';

const EVERY_MS = 60_000;
const BATCH_SIZE = 5_000;

/** Removes counters that count no longer. */
@Injectable()
export class PurgeLimitsService {
  constructor(private readonly jobs: ScheduledJobs) {}

  @Interval('purge-limits', EVERY_MS)
  async purge(): Promise<void> {
    await this.jobs.runOnSchedule({
      name: 'purge-rate-limit-windows',
      batchSize: BATCH_SIZE,
      batch: (tx, limit) => tx.count(removeOldWindows(limit)),
    });
    await this.jobs.runOnSchedule({
      name: 'purge-guess-limits',
      batchSize: BATCH_SIZE,
      batch: (tx, limit) => tx.count(removeForgotten(limit)),
    });
  }
}
