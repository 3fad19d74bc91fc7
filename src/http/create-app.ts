import { ConsoleLogger, Logger as NestLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { AppModule } from '../app.module.js';
import type { OpenDatabase } from '../boot/open-database.js';
import type { Tracing } from '../tracing/start-tracing.js';
import { configureApp } from './configure-app.js';
import { drainConnections } from './connection-drain.js';
import { EarlyLog } from './early-log.js';
import { fastifyAdapter } from './fastify-adapter.js';
import { serviceModules } from './service-modules.js';

/** The service as an application that does not listen yet. */
export async function createApp(
  database: OpenDatabase,
  tracing: Tracing | null = null,
): Promise<NestFastifyApplication> {
  const early = new EarlyLog();
  try {
    const app = await wiredApp(database, { tracing, early });
    const logger = app.get(Logger);
    app.useLogger(logger);
    early.handOn(logger);
    return app;
  } catch (error) {
    // There is no log of the service; what is told from here on goes to the terminal.
    const terminal = new ConsoleLogger({ logLevels: ['error', 'warn'] });
    NestLogger.overrideLogger(terminal);
    early.handOn(terminal);
    throw error;
  }
}

async function wiredApp(
  database: OpenDatabase,
  { tracing, early }: { readonly tracing: Tracing | null; readonly early: EarlyLog },
): Promise<NestFastifyApplication> {
  const { settings } = database;
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(database, serviceModules(settings)),
    fastifyAdapter(settings),
    {
      logger: early,
      abortOnError: false,
      // Fastify's own reads JSON; Nest's would take forms as well, and a form must not pass for JSON.
      bodyParser: false,
    },
  );
  tracing?.watch(app.getHttpAdapter().getInstance());
  await configureApp(app, settings);
  drainConnections(app);
  await app.init();
  return app;
}
