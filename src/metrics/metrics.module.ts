import { Module } from '@nestjs/common';
import { EventsModule } from '../chat-history/events/events.module.js';
import { RetentionModule } from '../chat-history/retention/retention.module.js';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { StockImportModule } from '../stock-import/stock-import.module.js';
import { VersioningModule } from '../versioning/versioning.module.js';
import { ArchiverService } from './figures/archiver.service.js';
import { StoreFiguresService } from './figures/store-figures.service.js';
import { StoreWatchService } from './figures/store-watch.service.js';
import { WorkFiguresService } from './figures/work-figures.service.js';
import { MetricsService } from './metrics.service.js';

/** What Prometheus is told. */
@Module({
  imports: [
    EncryptionModule,
    EventsModule,
    KeysModule,
    RetentionModule,
    SessionsModule,
    StockImportModule,
    VersioningModule,
  ],
  providers: [ArchiverService, MetricsService, StoreFiguresService, StoreWatchService, WorkFiguresService],
  exports: [MetricsService],
})
export class MetricsModule {}
