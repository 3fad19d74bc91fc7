import { Module } from '@nestjs/common';
import { VersioningModule } from '../../versioning/versioning.module.js';
import { ExportConversationService } from './export-conversation.service.js';
import { ExportController } from './export.controller.js';

/** Conversations as documents that stand by themselves. */
@Module({
  imports: [VersioningModule],
  controllers: [ExportController],
  providers: [ExportConversationService],
})
export class ExportModule {}
