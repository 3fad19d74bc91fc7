import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { SETTINGS, type Settings } from '../config/settings.js';
import { BusyClients } from './busy-clients.js';
import { Shutdown } from './shutdown.service.js';

/** Cancels what the pool still runs when a stop has given it its time, so that it is rolled back and no session outlives the process. */
@Injectable()
export class RunningStatements {
  private watched: Pool | null = null;

  constructor(
    private readonly shutdown: Shutdown,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** From now on knows what the pool has lent. **Why** not at the start: asking the ORM for its pool connects to the database. */
  watch(pool: Pool): void {
    if (this.watched === pool) return;
    this.watched = pool;
    const busy = new BusyClients(pool);
    const { app, throughPooler } = this.settings.database;
    this.shutdown.deadline.addEventListener('abort', () => void busy.end(throughPooler ? null : app));
  }
}
