import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AuditService } from '../audit/audit.service.js';
import { ScheduledJobs, type BatchJob } from '../database/scheduled-job.service.js';
import { SqlService } from '../database/sql.service.js';
import { endEverySession, purgeSessions } from './sessions.queries.js';

/** A dead row does no harm but take room, so once an hour is often enough. */
const EVERY_MS = 3_600_000;
/** Few enough that no batch holds locks for longer than a request may wait. */
const BATCH_SIZE = 1_000;

/** Removes sessions that nobody can use any more, and ends all of them in an emergency. */
@Injectable()
export class PurgeSessionsService {
  private readonly job: BatchJob = {
    name: 'purge-sessions',
    batchSize: BATCH_SIZE,
    batch: (tx, limit) => tx.count(purgeSessions(limit)),
  };

  constructor(
    private readonly jobs: ScheduledJobs,
    private readonly sql: SqlService,
    private readonly audit: AuditService,
  ) {}

  @Interval('purge-sessions', EVERY_MS)
  async onSchedule(): Promise<void> {
    await this.jobs.runOnSchedule(this.job);
  }

  /** Does now what the schedule does. **Shape**: rows removed; none when another process is at it. */
  async purge(): Promise<number> {
    return this.jobs.run(this.job);
  }

  /**
   * Ends every live session, visitors' too: after a backup was restored, whose sessions may since have been signed out.
   *
   * **Shape**: how many.
   */
  async endEvery(): Promise<number> {
    const ended = await this.sql.transaction((tx) => tx.count(endEverySession()));
    const event = { action: 'session.ended', outcome: 'success', userId: null, origin: null } as const;
    await this.audit.note({ ...event, details: { everybody: true, ended } });
    return ended;
  }
}
