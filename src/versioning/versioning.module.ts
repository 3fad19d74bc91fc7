import { Module } from '@nestjs/common';
import { RevisionLogService } from './revision-log.service.js';
import { VersioningService } from './versioning.service.js';

/** Branches, revisions, "as of": knows no stock. */
@Module({
  providers: [VersioningService, RevisionLogService],
  exports: [VersioningService, RevisionLogService],
})
export class VersioningModule {}
