import { Module } from '@nestjs/common';
import { BranchesService } from './branches/branches.service.js';
import { StalledTurns } from './commit/stalled-turns.service.js';
import { DryRunConsequences } from './commit/dry-run-consequences.service.js';
import { MergeService } from './merge/merge.service.js';
import { PointReads } from './points/point-reads.service.js';
import { RevertService } from './merge/revert.service.js';
import { RevisionLogService } from './revisions/revision-log.service.js';
import { StoreHistory } from './points/store-history.service.js';
import { VersioningService } from './versioning.service.js';

const SERVICES = [
  StoreHistory,
  VersioningService,
  PointReads,
  RevisionLogService,
  BranchesService,
  MergeService,
  RevertService,
  DryRunConsequences,
];

/** Branches, revisions, "as of": knows no stock. */
@Module({ providers: [...SERVICES, StalledTurns], exports: SERVICES })
export class VersioningModule {}
