import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { JSON_TYPE, listText } from '../common/json-text.js';
import { nextLink } from '../common/pagination.js';
import { Roles } from '../common/principal.js';
import { ApiProblems } from '../common/problem.dto.js';
import { AuditLogService } from './audit-log.service.js';
import {
  auditEventListResponse,
  listAuditEventsQuery,
  type ListAuditEventsQuery,
} from './dto/audit-event.dto.js';

/** The audit log over HTTP. */
@ApiTags('operations')
@Roles('ADMIN', 'SUPER_ADMIN')
@Controller('v1/audit-events')
export class AuditEventsController {
  constructor(private readonly log: AuditLogService) {}

  @Get()
  @ApiOperation({ summary: 'List what happened to accounts, sessions and secrets, newest first' })
  @ApiOkResponse({ standardSchema: auditEventListResponse })
  @ApiProblems(401, 403)
  async listAuditEvents(
    @Query({ schema: listAuditEventsQuery }) query: ListAuditEventsQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { action = null, outcome = null, userId = null, from = null, to = null, limit, cursor } = query;
    const page = await this.log.list({ action, outcome, userId, from, to, limit, cursor });
    const link = nextLink(request.url, page.nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(listText(page.data, page.nextCursor));
  }
}
