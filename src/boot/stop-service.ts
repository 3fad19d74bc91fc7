import { setTimeout as sleep } from 'node:timers/promises';
import type { NestApplicationContext } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Shutdown } from '../database/shutdown.service.js';
import { failureText } from './failure-text.js';
import type { OpenDatabase } from './open-database.js';

/** Clients that keep their connection learn with their next answer that it was the last one; most ask again within this time. */
const LINGER_MS = 250;

/** A stop that hangs is ended this long after everything should have been over. **Units**: milliseconds. */
const STOP_LIMIT_MS = 15_000;

/** What a start has brought up so far, which a stop has to end. */
export interface RunningService {
  app: NestFastifyApplication | null;
  database: OpenDatabase | null;
}

/** Ends the process in order: requests, connections, database server. */
export class ServiceStop {
  private readonly stopping = new AbortController();

  constructor(private readonly running: RunningService) {}

  /** Aborted once a stop has begun. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Does not come back. **Shape**: the name of a signal; any other word for a stop of our own. */
  async stop(signal: string, exitCode: number): Promise<void> {
    const { app, database } = this.running;
    if (this.signal.aborted) {
      // Somebody is in a hurry: what is under way is ended now.
      app?.get(Shutdown).endNow();
      return;
    }
    this.stopping.abort();
    const { shutdownDelayMs = 0, shutdownGraceMs = 0 } = database?.settings.http ?? {};
    const limit = STOP_LIMIT_MS + shutdownDelayMs + shutdownGraceMs;
    setTimeout(() => process.exit(exitCode === 0 ? 1 : exitCode), limit).unref();
    try {
      if (app !== null) await stopService(app, signal);
      await this.running.database?.close();
    } catch (error) {
      process.stderr.write(`${failureText(error)}\n`);
      process.exit(1);
    }
    process.exit(exitCode);
  }
}

/**
 * Stops a service that listens: readiness says so first, while requests are still served; then no connection is taken any more, and
 * what is under way is finished, or ended by 503 when its time is over; then jobs, keys and connections to the database are given up.
 */
async function stopService(app: NestFastifyApplication, signal: string): Promise<void> {
  const { http } = app.get<Settings>(SETTINGS);
  const shutdown = app.get(Shutdown);
  shutdown.begin();
  // Only an orchestrator, which sends SIGTERM, has a load balancer that must learn of it first.
  await sleep(signal === 'SIGTERM' ? Math.max(http.shutdownDelayMs, LINGER_MS) : LINGER_MS, undefined, {
    signal: shutdown.deadline,
  }).catch(() => undefined);
  const deadline = setTimeout(() => shutdown.endNow(), http.shutdownGraceMs);
  await (app as unknown as NestApplicationContext).close(signal);
  clearTimeout(deadline);
}
