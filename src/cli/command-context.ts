import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MikroORM, RequestContext } from '@mikro-orm/core';
import { AppModule } from '../app.module.js';
import { openDatabase, type OpenDatabase } from '../boot/open-database.js';
import { loadSettings } from '../config/settings.js';

/** Runs `work` with the configured database: the external one, or the embedded one, started if it does not run. */
export async function withDatabase<T>(work: (database: OpenDatabase) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadSettings(), { holder: 'command' });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Runs `work` with the services of the application, in one unit of work, without listening anywhere. */
export async function withApplication<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  return withDatabase(async (database) => {
    const app = await NestFactory.createApplicationContext(AppModule.forRoot(database), {
      logger: false,
      abortOnError: false,
    });
    try {
      return await RequestContext.create(app.get(MikroORM).em, () => work(app));
    } finally {
      await app.close();
    }
  });
}
