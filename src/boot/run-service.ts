import 'reflect-metadata';
import type { NestApplicationContext } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadSettings } from '../config/settings.js';
import { createApp } from '../http/create-app.js';
import { failureText } from './failure-text.js';
import type { FirstAdministrator } from './first-administrator.js';
import { openDatabase, type OpenDatabase } from './open-database.js';
import { StartupService } from './startup.service.js';

/** A stop that does not end within this time is ended. **Units**: milliseconds, beyond the readiness delay. */
const STOP_LIMIT_MS = 30_000;

/**
 * Runs the service until a signal: opens the database, listens, prepares the database, says where it is, and stops in the
 * order requests, connections, database server.
 */
export async function runService(): Promise<void> {
  const stopping = new AbortController();
  let app: NestFastifyApplication | null = null;
  let database: OpenDatabase | null = null;
  const stop = async (signal: string, exitCode: number): Promise<void> => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    const limit = STOP_LIMIT_MS + (database?.settings.http.shutdownDelayMs ?? 0);
    setTimeout(() => process.exit(exitCode === 0 ? 1 : exitCode), limit).unref();
    try {
      // The name of the signal matters: on SIGTERM, and only then, readiness is 503 for a while before anything closes.
      await (app as NestApplicationContext | null)?.close(signal);
      await database?.close();
    } catch (error) {
      process.stderr.write(`${failureText(error)}\n`);
      process.exit(1);
    }
    process.exit(exitCode);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => void stop(signal, 0));
  try {
    database = await openDatabase(loadSettings(), {
      holder: 'service',
      log: (line) => process.stderr.write(`${line}\n`),
      onLost: (error) => {
        process.stderr.write(`${error.message}\n`);
        void stop('lost', 1);
      },
    });
    app = await createApp(database);
    const { host, port } = database.settings.http;
    await app.listen(port, host);
    const administrator = await app.get(StartupService).run(stopping.signal);
    announce(await app.getUrl(), database, administrator);
  } catch (error) {
    if (stopping.signal.aborted) return;
    process.stderr.write(`${failureText(error)}\n`);
    await stop('failed', 1);
  }
}

function announce(url: string, database: OpenDatabase, administrator: FirstAdministrator): void {
  const { settings, superuser } = database;
  const lines = [
    `Stockroom listens on ${url}`,
    ...(settings.docs.enabled ? [`Documentation:       ${url}/docs`] : []),
    ...(superuser === null ? [] : [`Data directory:      ${settings.dataDir}`]),
  ];
  if (administrator.outcome === 'created') {
    lines.push(`First administrator: ${administrator.email}`);
    if (administrator.generated !== null) {
      const { password, path } = administrator.generated;
      lines.push(`         password:   ${password}  (shown once; kept in ${path})`);
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
