import { Module } from '@nestjs/common';
import { EncryptionModule } from '../../encryption/encryption.module.js';
import { StockDataModule } from '../../stock-data/stock-data.module.js';
import { VersioningModule } from '../../versioning/versioning.module.js';
import { CitationListsService } from './citation-lists.service.js';
import { CitationsController } from './citations.controller.js';
import { CitationsService } from './citations.service.js';
import { CountRestated } from './count-restated.service.js';

/** What messages cite: checked, pinned to the version that was quoted, and found again when it is restated. */
@Module({
  imports: [EncryptionModule, StockDataModule, VersioningModule],
  controllers: [CitationsController],
  providers: [CitationListsService, CitationsService, CountRestated],
  exports: [CitationsService],
})
export class CitationsModule {}
