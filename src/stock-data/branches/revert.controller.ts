import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../common/api-docs.js';
import { CurrentUser, Roles, type Principal } from '../../common/principal.js';
import { ApiProblems } from '../../common/problem.dto.js';
import type { ChangeReport } from '../../versioning/branches/branch.types.js';
import {
  changeReportResponse,
  revertQuery,
  revertRequest,
  type RevertBody,
  type RevertQuery,
} from '../dto/merge-revert.dto.js';
import { revisionPath, type RevisionPath } from '../dto/revision.dto.js';
import { MergeRevertService } from './merge-revert.service.js';

/** Reverts over HTTP. */
@ApiTags('revisions')
@Roles('ADMIN', 'SUPER_ADMIN')
@Controller('v1/revisions')
export class RevertController {
  constructor(private readonly reverts: MergeRevertService) {}

  @Post(':id/revert')
  @HttpCode(200)
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
    return this.reverts.revert({ revision: id, branch, message, authorId, dryRun });
  }
}
