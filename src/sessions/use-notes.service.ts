import { Injectable, Logger } from '@nestjs/common';
import { SqlService } from '../database/sql.service.js';
import { noteUse } from './sessions.queries.js';

/** After a failure, how long nothing is tried. **Units**: milliseconds. */
const PAUSE_MS = 60_000;

/**
 * Notes that a session was used. **Why** apart, and without an error: a database that can only be read, after a failover or while
 * it is restored, must not sign everybody out; and it is not asked again with each request.
 */
@Injectable()
export class UseNotes {
  private readonly logger = new Logger('Sessions');
  private pausedUntil = 0;

  constructor(private readonly sql: SqlService) {}

  /** Moves the idle expiry of a session to `idleSeconds` from now, unless that was done within the last minute. */
  async note(sessionId: string, idleSeconds: number): Promise<void> {
    if (performance.now() < this.pausedUntil) return;
    try {
      await this.sql.transaction((tx) => tx.run(noteUse(sessionId, idleSeconds)));
    } catch (error) {
      this.pausedUntil = performance.now() + PAUSE_MS;
      this.logger.warn({ msg: 'the use of a session was not noted', err: error });
    }
  }
}
