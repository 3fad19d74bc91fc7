import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { AppModule } from '../app.module.js';
import type { OpenDatabase } from '../boot/open-database.js';
import type { Tracing } from '../tracing/start-tracing.js';
import { configureApp } from './configure-app.js';
import { drainConnections } from './connection-drain.js';
import { fastifyAdapter } from './fastify-adapter.js';
import { serviceModules } from './service-modules.js';

/** The service as an application that does not listen yet. */
export async function createApp(
  database: OpenDatabase,
  tracing: Tracing | null = null,
): Promise<NestFastifyApplication> {
  const { settings } = database;
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(database, serviceModules(settings)),
    fastifyAdapter(settings),
    {
      // What Nest says of each module and route while it wires them interests nobody who runs the service.
      logger: ['error', 'warn'],
      abortOnError: false,
      // Fastify's own reads JSON; Nest's would take forms as well, and a form must not pass for JSON.
      bodyParser: false,
    },
  );
  tracing?.watch(app.getHttpAdapter().getInstance());
  await configureApp(app, settings);
  drainConnections(app);
  await app.init();
  app.useLogger(app.get(Logger));
  return app;
}
