import { Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';

/** The log of what happened to accounts, sessions and secrets. */
@Module({
  providers: [AuditService],
  exports: [AuditService],
})
export class AuditModule {}
