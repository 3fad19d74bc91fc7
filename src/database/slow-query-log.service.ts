import { Inject, Injectable, Logger } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';

/**
 * Writes a warning for each statement at or over the threshold: its name and how long it took, never its values, which may
 * be what a person stored.
 */
@Injectable()
export class SlowQueryLog {
  private readonly logger = new Logger('SlowQuery');

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** **Units**: `durationMs` in milliseconds, as measured by the caller, waiting for a connection excluded. */
  note(statement: string, durationMs: number): void {
    if (durationMs < this.settings.log.slowQueryMs) return;
    this.logger.warn({ msg: 'slow query', statement, durationMs: Math.round(durationMs) });
  }
}
