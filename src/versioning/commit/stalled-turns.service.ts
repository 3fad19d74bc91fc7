import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DatabaseActivity } from '../../database/database-activity.service.js';
import { SqlService } from '../../database/sql.service.js';
import { endStalledTurn } from './stalled-turns.queries.js';

const EVERY_MS = 5_000;
/** A sender that has not given a byte for two looks is stopped, asleep, or reads a disk that does not answer. */
const LOOKS = 2;

/**
 * Ends a commit that keeps others waiting while its own client sends nothing: a stopped command line, a suspended laptop, a network
 * disk that hangs. Others wait for it 15 seconds at most, from the moment that it stalls. Every process that commits looks
 * after all of them.
 */
@Injectable()
export class StalledTurns {
  private readonly logger = new Logger('StalledTurns');
  private mark: string | null = null;
  private seen = 0;

  constructor(
    private readonly sql: SqlService,
    private readonly activity: DatabaseActivity,
  ) {}

  @Interval('stalled-turns', EVERY_MS)
  async look(): Promise<void> {
    // Whoever commits keeps the database awake.
    if (this.activity.isAwake) await this.activity.unasked(() => this.lookNow());
  }

  private async lookNow(): Promise<void> {
    // What cannot be asked now is asked at the next look.
    const row = await this.sql
      .readOne(endStalledTurn(this.seen >= LOOKS ? this.mark : null))
      .catch(() => null);
    const mark = row === null ? null : String(row[0]);
    if (row?.[1] === true)
      this.logger.warn('A commit was ended: its client sent nothing while others waited.');
    this.seen = mark === this.mark ? this.seen + 1 : 1;
    this.mark = mark;
  }
}
