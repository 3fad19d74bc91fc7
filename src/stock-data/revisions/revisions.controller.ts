import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { etagOf, isUnchanged } from '../../common/etag.js';
import { AnySession } from '../../common/principal.js';
import { ApiNotModified, ApiProblems } from '../../common/problem.dto.js';
import type { RevisionView } from '../../versioning/versioning.types.js';
import {
  changeListResponse,
  listChangesQuery,
  listRevisionsQuery,
  revisionListResponse,
  revisionPath,
  revisionResponse,
  type ListChangesQuery,
  type ListRevisionsQuery,
  type RevisionPath,
} from '../dto/revision.dto.js';
import { RevisionsService } from './revisions.service.js';
import { sendPage } from './send-page.js';

/** The commit log of stock data over HTTP. */
@ApiTags('revisions')
@AnySession()
@Controller('v1/revisions')
export class RevisionsController {
  constructor(private readonly revisions: RevisionsService) {}

  @Get()
  @ApiOperation({ summary: 'List committed changes, newest first' })
  @ApiOkResponse({ standardSchema: revisionListResponse })
  @ApiProblems(401, 404)
  async listRevisions(
    @Query({ schema: listRevisionsQuery }) query: ListRevisionsQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { symbol = null, branch = null, limit, cursor } = query;
    await sendPage(request, reply, await this.revisions.list({ symbol, branch, limit, cursor }));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read one revision' })
  @ApiOkResponse({ standardSchema: revisionResponse })
  @ApiNotModified()
  @ApiProblems(401, 404)
  async getRevision(
    @Param({ schema: revisionPath }) { id }: RevisionPath,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevisionView | undefined> {
    const revision = await this.revisions.get(id);
    return isUnchanged(reply, etagOf(id), ifNoneMatch) ? undefined : revision;
  }

  @Get(':id/changes')
  @ApiOperation({ summary: 'List what a revision changed, old beside new, by symbol and time' })
  @ApiOkResponse({ standardSchema: changeListResponse })
  @ApiProblems(401, 404)
  async listRevisionChanges(
    @Param({ schema: revisionPath }) { id }: RevisionPath,
    @Query({ schema: listChangesQuery }) query: ListChangesQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendPage(request, reply, await this.revisions.changes(id, query.limit, query.cursor));
  }
}
