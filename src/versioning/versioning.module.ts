import { Module } from '@nestjs/common';
import { PointReads } from './point-reads.service.js';
import { RevisionLogService } from './revision-log.service.js';
import { VersioningService } from './versioning.service.js';

/** Branches, revisions, "as of": knows no stock. */
@Module({
  providers: [VersioningService, PointReads, RevisionLogService],
  exports: [VersioningService, PointReads, RevisionLogService],
})
export class VersioningModule {}
