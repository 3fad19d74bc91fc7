import { Module } from '@nestjs/common';
import { EncryptedColumns } from './encrypted-columns.service.js';
import { EncryptionModule } from './encryption.module.js';

/** For a feature whose entities have encrypted columns. Needs the database, which `EncryptionModule` itself does not. */
@Module({ imports: [EncryptionModule], providers: [EncryptedColumns] })
export class EncryptedColumnsModule {}
