import { Module, type DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { entities } from '../mikro-orm.config.js';
import type { OpenDatabase } from './boot/open-database.js';
import { ENTITIES, OPEN_DATABASE, StartupService } from './boot/startup.service.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { loggerOptions } from './http/logger-options.js';
import { StockDataModule } from './stock-data/stock-data.module.js';
import { StockImportModule } from './stock-import/stock-import.module.js';
import { StocksModule } from './stocks/stocks.module.js';
import { UsersModule } from './users/users.module.js';
import { VersioningModule } from './versioning/versioning.module.js';

/** The whole service over one database. */
@Module({})
export class AppModule {
  static forRoot(database: OpenDatabase): DynamicModule {
    const { settings } = database;
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(() => settings),
        LoggerModule.forRoot(loggerOptions(settings)),
        DatabaseModule.forRoot({ settings, connection: settings.database.app, entities }),
        VersioningModule,
        UsersModule,
        StocksModule,
        StockDataModule,
        StockImportModule,
        HealthModule.forRoot(settings),
      ],
      providers: [
        { provide: OPEN_DATABASE, useValue: database },
        { provide: ENTITIES, useValue: entities },
        StartupService,
      ],
    };
  }
}
