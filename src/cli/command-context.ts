import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { openDatabase, type OpenDatabase } from '../boot/open-database.js';
import { requireUsable } from '../boot/require-usable.js';
import { loadSettings, type SettingsNeeds } from '../config/settings.js';
import { Shutdown } from '../database/shutdown.service.js';
import { interruptibly, unlessAborted } from './interruption.js';

/** How long what was broken off by a signal has to roll back and to remove its files. **Units**: milliseconds. */
const ROLLBACK_MS = 3_000;

/** Which connection a command begins with; none is looked at for a command that waits for it by itself. */
type AskedConnection = 'app' | 'migration' | 'none';

type DatabaseWork<T> = (database: OpenDatabase, signal: AbortSignal) => Promise<T>;

/**
 * Runs `work` with the configured database: the external one, or the embedded one, started if it does not run. A signal breaks it off;
 * an embedded server that nobody else uses is stopped then as well.
 *
 * **Errors**: `DatabaseSetupError`, before `work` begins, when the `asked` connection cannot be used; those of `work`.
 * **Why** without encryption keys: nothing that has only the database reads an encrypted value.
 */
export async function withDatabase<T>(asked: AskedConnection, work: DatabaseWork<T>): Promise<T> {
  return withOpen({ keys: false }, asked, work);
}

/**
 * Runs `work` with the services of the application, without listening anywhere. What a signal breaks off is
 * cancelled and rolled back. **Errors**: as {@link withDatabase}.
 */
export async function withApplication<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  return withOpen({ keys: true }, 'app', async (database, signal) => {
    const app = await NestFactory.createApplicationContext(AppModule.forRoot(database), {
      logger: false,
      abortOnError: false,
    });
    signal.addEventListener('abort', () => app.get(Shutdown).endNow());
    try {
      signal.throwIfAborted();
      return await work(app);
    } finally {
      await app.close();
    }
  });
}

async function withOpen<T>(needs: SettingsNeeds, asked: AskedConnection, work: DatabaseWork<T>): Promise<T> {
  return interruptibly(async (signal) => {
    const database = await openDatabase(loadSettings(undefined, needs), { holder: 'command' });
    let running: Promise<unknown> = Promise.resolve();
    try {
      signal.throwIfAborted();
      if (asked !== 'none') await unlessAborted(signal, requireUsable(database, asked, signal));
      const result = work(database, signal);
      running = result.catch(() => undefined);
      return await unlessAborted(signal, result);
    } finally {
      if (signal.aborted) await Promise.race([running, sleep(ROLLBACK_MS, undefined, { ref: false })]);
      await database.close();
    }
  });
}
