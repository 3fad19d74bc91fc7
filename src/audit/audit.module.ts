import { Module } from '@nestjs/common';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { AuditEventsController } from './audit-events.controller.js';
import { AuditLogService } from './audit-log.service.js';
import { AuditService } from './audit.service.js';

/** The log of what happened to accounts, sessions and secrets. */
@Module({
  imports: [EncryptionModule],
  controllers: [AuditEventsController],
  providers: [AuditService, AuditLogService],
  exports: [AuditService],
})
export class AuditModule {}
