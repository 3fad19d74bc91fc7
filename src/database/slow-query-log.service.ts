import { Inject, Injectable, Logger } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';

/** Told of every statement with a name. **Units**: milliseconds, waiting for a connection excluded. */
export type StatementWatcher = (statement: string, durationMs: number) => void;

/**
 * Writes a warning for each statement at or over the threshold: its name and how long it took, never its values, which may
 * be what a person stored.
 */
@Injectable()
export class SlowQueryLog {
  private readonly logger = new Logger('SlowQuery');
  private watcher: StatementWatcher | null = null;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** Lets one watcher know of every statement, slow or not. **Why** a function and no event: it is called for each of them. */
  watch(watcher: StatementWatcher): void {
    this.watcher = watcher;
  }

  /** **Units**: `durationMs` in milliseconds, as measured by the caller, waiting for a connection excluded. */
  note(statement: string, durationMs: number): void {
    this.watcher?.(statement, durationMs);
    if (durationMs < this.settings.log.slowQueryMs) return;
    this.logger.warn({ msg: 'slow query', statement, durationMs: Math.round(durationMs) });
  }
}
