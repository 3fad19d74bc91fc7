import { Module } from '@nestjs/common';
import { BranchesService } from './branches.service.js';
import { StalledTurns } from './commit/stalled-turns.service.js';
import { DryRunConsequences } from './dry-run-consequences.service.js';
import { MergeService } from './merge.service.js';
import { PointReads } from './point-reads.service.js';
import { RevertService } from './revert.service.js';
import { RevisionLogService } from './revision-log.service.js';
import { StoreHistory } from './store-history.service.js';
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
