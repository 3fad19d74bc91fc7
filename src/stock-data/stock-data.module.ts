import { Module } from '@nestjs/common';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { StocksModule } from '../stocks/stocks.module.js';
import { VersioningModule } from '../versioning/versioning.module.js';
import { AggregateBarsService } from './aggregate-bars.service.js';
import { ChangeBarController } from './change-bar.controller.js';
import { ChangeBarService } from './change-bar.service.js';
import { ReadBarsService } from './read-bars.service.js';
import { RevisionsController } from './revisions.controller.js';
import { RevisionsService } from './revisions.service.js';
import { StockDataController } from './stock-data.controller.js';

/** Bars: reading them at any revision, changing one, and the log of changes. */
@Module({
  imports: [StocksModule, VersioningModule, EncryptionModule],
  controllers: [StockDataController, ChangeBarController, RevisionsController],
  providers: [ReadBarsService, AggregateBarsService, ChangeBarService, RevisionsService],
  exports: [ReadBarsService],
})
export class StockDataModule {}
