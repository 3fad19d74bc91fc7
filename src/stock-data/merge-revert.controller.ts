import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, Roles, type Principal } from '../common/principal.js';
import { ApiProblems } from '../common/problem.dto.js';
import type { ChangeReport } from '../versioning/branch.types.js';
import { branchPath, type BranchPath } from './dto/branch.dto.js';
import {
  changeReportResponse,
  mergeQuery,
  mergeRequest,
  revertQuery,
  revertRequest,
  type MergeBody,
  type MergeQuery,
  type RevertBody,
  type RevertQuery,
} from './dto/merge-revert.dto.js';
import { revisionPath, type RevisionPath } from './dto/revision.dto.js';
import { MergeRevertService } from './merge-revert.service.js';

/** Merges and reverts over HTTP. */
@Roles('ADMIN', 'SUPER_ADMIN')
@Controller('v1')
export class MergeRevertController {
  constructor(private readonly changes: MergeRevertService) {}

  @Post('branches/:name/merge')
  @HttpCode(200)
  @ApiTags('branches')
  @ApiOperation({ summary: 'Merge a branch into its parent, as one revision' })
  @ApiOkResponse({ standardSchema: changeReportResponse })
  @ApiProblems(401, 403, 404, 408, 409, 413, 415, 422)
  async mergeBranch(
    @Param({ schema: branchPath }) { name }: BranchPath,
    @Query({ schema: mergeQuery }) { dryRun }: MergeQuery,
    @Body({ schema: mergeRequest }) { onConflict, message = null }: MergeBody,
    @CurrentUser() user: Principal | null,
  ): Promise<ChangeReport> {
    const authorId = user?.userId ?? null;
    return this.changes.merge({ branch: name, onConflict, message, authorId, dryRun });
  }

  @Post('revisions/:id/revert')
  @HttpCode(200)
  @ApiTags('revisions')
  @ApiOperation({ summary: 'Undo a revision by a new one' })
  @ApiOkResponse({ standardSchema: changeReportResponse })
  @ApiProblems(401, 403, 404, 408, 409, 413, 415, 422)
  async revertRevision(
    @Param({ schema: revisionPath }) { id }: RevisionPath,
    @Query({ schema: revertQuery }) { branch, dryRun }: RevertQuery,
    @Body({ schema: revertRequest }) body: RevertBody,
    @CurrentUser() user: Principal | null,
  ): Promise<ChangeReport> {
    const message = body?.message ?? null;
    const authorId = user?.userId ?? null;
    return this.changes.revert({ revision: id, branch, message, authorId, dryRun });
  }
}
