import { Module } from '@nestjs/common';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { StocksModule } from '../stocks/stocks.module.js';
import { VersioningModule } from '../versioning/versioning.module.js';
import { BranchesController } from './branches.controller.js';
import { AggregateBarsService } from './aggregate-bars.service.js';
import { ChangeBarController } from './change-bar.controller.js';
import { ChangeBarService } from './change-bar.service.js';
import { MergeRevertService } from './merge-revert.service.js';
import { QuotesService } from './quotes.service.js';
import { ReadBarsService } from './read-bars.service.js';
import { ReadBranchesService } from './read-branches.service.js';
import { RevertController } from './revert.controller.js';
import { RevisionsController } from './revisions.controller.js';
import { RevisionsService } from './revisions.service.js';
import { StockDataController } from './stock-data.controller.js';

/** Bars: reading them at any revision, changing one, the log of changes, and branches of it. */
@Module({
  imports: [StocksModule, VersioningModule, EncryptionModule],
  controllers: [
    StockDataController,
    ChangeBarController,
    RevisionsController,
    BranchesController,
    RevertController,
  ],
  providers: [
    ReadBarsService,
    AggregateBarsService,
    ChangeBarService,
    RevisionsService,
    ReadBranchesService,
    MergeRevertService,
    QuotesService,
  ],
  exports: [ReadBarsService, QuotesService],
})
export class StockDataModule {}
