import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { entities } from '../mikro-orm.config.js';
import { AccountsModule } from './accounts/accounts.module.js';
import type { OpenDatabase } from './boot/open-database.js';
import { ENTITIES, OPEN_DATABASE, StartupService } from './boot/startup.service.js';
import { ChatHistoryModule } from './chat-history/chat-history.module.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { CredentialsModule } from './credentials/credentials.module.js';
import { KeysModule } from './keys/keys.module.js';
import { RateLimitsModule } from './rate-limits/rate-limits.module.js';
import { SessionGuard } from './sessions/session.guard.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StockDataModule } from './stock-data/stock-data.module.js';
import { StockImportModule } from './stock-import/stock-import.module.js';
import { StocksModule } from './stocks/stocks.module.js';
import { UsersModule } from './users/users.module.js';
import { VerificationModule } from './verification/verification.module.js';
import { VersioningModule } from './versioning/versioning.module.js';

/** All features over one database, for the service and for commands. What only the service has comes from `http/service-modules.ts`. */
@Module({})
export class AppModule {
  static forRoot(database: OpenDatabase, beside: ModuleMetadata['imports'] = []): DynamicModule {
    const { settings } = database;
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(() => settings),
        DatabaseModule.forRoot({ settings, connection: settings.database.app, entities }),
        RateLimitsModule,
        VersioningModule,
        UsersModule,
        SessionsModule,
        AccountsModule,
        KeysModule,
        CredentialsModule,
        StocksModule,
        StockDataModule,
        StockImportModule,
        ChatHistoryModule,
        ...beside,
        VerificationModule,
      ],
      providers: [
        { provide: OPEN_DATABASE, useValue: database },
        { provide: ENTITIES, useValue: entities },
        StartupService,
        { provide: APP_GUARD, useExisting: SessionGuard },
      ],
    };
  }
}
