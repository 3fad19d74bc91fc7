import 'reflect-metadata';
import { loadSettings } from '../config/settings.js';
import { createApp } from '../http/create-app.js';
import { askedTracing } from './asked-tracing.js';
import { failureText } from './failure-text.js';
import type { FirstAdministrator } from './first-administrator.js';
import { openDatabase, type OpenDatabase } from './open-database.js';
import { StartupService } from './startup.service.js';
import { ServiceStop, type RunningService } from './stop-service.js';

/**
 * Runs the service until a signal: opens the database, listens, prepares the database, says where it is, and stops as `ServiceStop`
 * says.
 */
export async function runService(): Promise<void> {
  const running: RunningService = { app: null, database: null };
  const stop = new ServiceStop(running);
  let listening = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => void stop.stop(signal, 0));
  try {
    const database = await openDatabase(loadSettings(), {
      holder: 'service',
      log: (line) => process.stderr.write(`${line}\n`),
      onLost: (error) => {
        process.stderr.write(`${error.message}\n`);
        void stop.stop('lost', 1);
      },
    });
    running.database = database;
    running.app = await createApp(database, await askedTracing());
    const { host, port } = database.settings.http;
    listening = true;
    await running.app.listen(port, host);
    listening = false;
    const administrator = await running.app.get(StartupService).run(stop.signal);
    announce(await running.app.getUrl(), database, administrator);
  } catch (error) {
    if (stop.signal.aborted) return;
    process.stderr.write(`${failureText(error, { listening })}\n`);
    await stop.stop('failed', 1);
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
