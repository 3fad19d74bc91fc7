import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { EncryptedColumnsModule } from '../encryption/encrypted-columns.module.js';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { CredentialsController } from './credentials.controller.js';
import { CredentialsService } from './credentials.service.js';

/** Secrets that people store for outside services. */
@Module({
  imports: [AuditModule, EncryptionModule, EncryptedColumnsModule, KeysModule],
  controllers: [CredentialsController],
  providers: [CredentialsService],
})
export class CredentialsModule {}
