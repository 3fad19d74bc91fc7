import { Module } from '@nestjs/common';
import { StocksModule } from '../stocks/stocks.module.js';
import { VersioningModule } from '../versioning/versioning.module.js';
import { StockImportController } from './stock-import.controller.js';
import { StockImportService } from './stock-import.service.js';
import { UploadImportService } from './upload-import.service.js';

/** Files of bars: reading them, checking every row, storing them as one revision. */
@Module({
  imports: [StocksModule, VersioningModule],
  controllers: [StockImportController],
  providers: [StockImportService, UploadImportService],
  exports: [StockImportService, UploadImportService],
})
export class StockImportModule {}
