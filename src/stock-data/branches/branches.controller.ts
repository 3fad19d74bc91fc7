import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '../../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '../../common/etag.js';
import { AnySession, CurrentUser, Roles, type Principal } from '../../common/principal.js';
import { ApiNotModified, ApiProblems } from '../../common/problem.dto.js';
import type { BranchView, ChangeReport } from '../../versioning/branches/branch.types.js';
import { BranchesService } from '../../versioning/branches/branches.service.js';
import {
  branchChangesQuery,
  branchListResponse,
  branchPath,
  branchResponse,
  createBranchRequest,
  listBranchesQuery,
  type BranchChangesQuery,
  type BranchPath,
  type CreateBranchRequest,
  type ListBranchesQuery,
} from '../dto/branch.dto.js';
import {
  changeReportResponse,
  mergeQuery,
  mergeRequest,
  type MergeBody,
  type MergeQuery,
} from '../dto/merge-revert.dto.js';
import { changeListResponse } from '../dto/revision.dto.js';
import { MergeRevertService } from './merge-revert.service.js';
import { ReadBranchesService } from './read-branches.service.js';
import { sendPage } from '../revisions/send-page.js';

/** Branches over HTTP. */
@ApiTags('branches')
@Controller('v1/branches')
export class BranchesController {
  constructor(
    private readonly branches: BranchesService,
    private readonly reads: ReadBranchesService,
    private readonly merges: MergeRevertService,
  ) {}

  @Post()
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiOperation({ summary: 'Fork a branch off another one, now or as of any revision' })
  @ApiCreatedResponse({ standardSchema: branchResponse })
  @ApiProblems(401, 403, 404, 408, 409, 413, 415, 422)
  async createBranch(
    @Body({ schema: createBranchRequest }) { name, parent, asOf }: CreateBranchRequest,
    @CurrentUser() user: Principal | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BranchView> {
    const createdBy = user?.userId ?? null;
    const { branch, etag } = await this.branches.create({ name, parent, asOf, createdBy });
    reply.headers({ etag, location: `/v1/branches/${name}` });
    return branch;
  }

  @Get()
  @AnySession()
  @ApiOperation({ summary: 'List branches, newest first' })
  @ApiOkResponse({ standardSchema: branchListResponse })
  @ApiProblems(401, 404)
  async listBranches(
    @Query({ schema: listBranchesQuery }) query: ListBranchesQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { status = null, parent = null, limit, cursor } = query;
    await sendPage(request, reply, await this.reads.list({ status, parent, limit, cursor }));
  }

  @Get(':name')
  @AnySession()
  @ApiOperation({ summary: 'Read one branch' })
  @ApiOkResponse({ standardSchema: branchResponse })
  @ApiNotModified()
  @ApiProblems(401, 404)
  async getBranch(
    @Param({ schema: branchPath }) { name }: BranchPath,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BranchView | undefined> {
    const { branch, etag } = await this.branches.get(name);
    return isUnchanged(reply, etag, ifNoneMatch) ? undefined : branch;
  }

  @Get(':name/changes')
  @AnySession()
  @ApiOperation({ summary: 'List what a branch changed since its fork, old beside new, by symbol and time' })
  @ApiOkResponse({ standardSchema: changeListResponse })
  @ApiProblems(401, 404, 422)
  async listBranchChanges(
    @Param({ schema: branchPath }) { name }: BranchPath,
    @Query({ schema: branchChangesQuery }) { limit, cursor }: BranchChangesQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendPage(request, reply, await this.reads.changes(name, limit, cursor));
  }

  @Post(':name/merge')
  @HttpCode(200)
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiOperation({ summary: 'Merge a branch into its parent, as one revision' })
  @ApiOkResponse({ standardSchema: changeReportResponse })
  @ApiProblems(401, 403, 404, 408, 409, 413, 415, 422)
  async mergeBranch(
    @Param({ schema: branchPath }) { name }: BranchPath,
    @Query({ schema: mergeQuery }) { dryRun }: MergeQuery,
    @Body({ schema: mergeRequest }) body: MergeBody,
    @CurrentUser() user: Principal | null,
  ): Promise<ChangeReport> {
    const { onConflict = 'fail', message = null } = body ?? {};
    const authorId = user?.userId ?? null;
    return this.merges.merge({ branch: name, onConflict, message, authorId, dryRun });
  }

  @Delete(':name')
  @HttpCode(204)
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiOperation({ summary: 'Discard a branch; it stays readable' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404, 409, 412, 422)
  async discardBranch(
    @Param({ schema: branchPath }) { name }: BranchPath,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.branches.discard(name, ifMatch);
  }
}
