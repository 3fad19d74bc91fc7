import { Module } from '@nestjs/common';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { StocksModule } from '../stocks/stocks.module.js';
import { VersioningModule } from '../versioning/versioning.module.js';
import { BranchesController } from './branches/branches.controller.js';
import { AggregateBarsService } from './aggregate/aggregate-bars.service.js';
import { ChangeBarController } from './change/change-bar.controller.js';
import { ChangeBarService } from './change/change-bar.service.js';
import { MergeRevertService } from './branches/merge-revert.service.js';
import { QuotesService } from './quotes/quotes.service.js';
import { ReadBarsService } from './read/read-bars.service.js';
import { ReadBranchesService } from './branches/read-branches.service.js';
import { RevertController } from './branches/revert.controller.js';
import { RevisionsController } from './revisions/revisions.controller.js';
import { RevisionsService } from './revisions/revisions.service.js';
import { StockDataController } from './read/stock-data.controller.js';

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
