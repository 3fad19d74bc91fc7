import { Module } from '@nestjs/common';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { VersioningModule } from '../versioning/versioning.module.js';
import { StockRepository } from './stock.repository.js';
import { StocksController } from './stocks.controller.js';
import { StocksService } from './stocks.service.js';

/** Tracked stocks and their series. */
@Module({
  imports: [EncryptionModule, VersioningModule],
  controllers: [StocksController],
  providers: [StocksService, StockRepository],
  exports: [StocksService],
})
export class StocksModule {}
