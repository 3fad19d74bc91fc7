import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { JSON_TYPE, listText } from '../../common/json-text.js';
import { nextLink } from '../../common/pagination.js';
import { AnySession, CurrentUser, Roles, type Principal } from '../../common/principal.js';
import { ApiProblems } from '../../common/problem.dto.js';
import { historyOwner } from '../history-owner.types.js';
import { messageListResponse } from '../messages/dto/message.dto.js';
import { CitationListsService } from './citation-lists.service.js';
import {
  affectedListResponse,
  affectedPath,
  affectedQuery,
  type AffectedPath,
  type AffectedQuery,
} from './dto/affected-citations.dto.js';
import {
  citingMessagesQuery,
  restatedListResponse,
  restatedQuery,
  type CitingMessagesQuery,
  type RestatedQuery,
} from './dto/citation-lists.dto.js';

/** Citations over HTTP. */
@ApiTags('chat history')
@Controller('v1')
export class CitationsController {
  constructor(private readonly lists: CitationListsService) {}

  @Get('messages')
  @AnySession()
  @ApiOperation({ summary: 'Find your own messages by what they cite, newest first' })
  @ApiOkResponse({ standardSchema: messageListResponse })
  @ApiProblems(401)
  async listCitingMessages(
    @CurrentUser() principal: Principal,
    @Query({ schema: citingMessagesQuery }) query: CitingMessagesQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const members = citedMembers(query);
    const { data, nextCursor } = await this.lists.citing(historyOwner(principal), members, query);
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(listText(data, nextCursor));
  }

  @Get('citations/restated')
  @AnySession()
  @ApiOperation({
    summary:
      'List your citations whose price has since been corrected or withdrawn, by the revision that did it',
  })
  @ApiOkResponse({ standardSchema: restatedListResponse })
  @ApiProblems(401)
  async listRestatedCitations(
    @CurrentUser() principal: Principal,
    @Query({ schema: restatedQuery }) query: RestatedQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { data, nextCursor } = await this.lists.restated(historyOwner(principal), query.since, query);
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(listText(data, nextCursor));
  }

  @Get('revisions/:id/affected-citations')
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiTags('revisions')
  @ApiOperation({ summary: 'List the citations, of whomever, that a revision restated' })
  @ApiOkResponse({ standardSchema: affectedListResponse })
  @ApiProblems(401, 403, 404)
  async listAffectedCitations(
    @Param({ schema: affectedPath }) { id }: AffectedPath,
    @Query({ schema: affectedQuery }) query: AffectedQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { data, nextCursor, count } = await this.lists.affected(id, query);
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    const head = `{"revision":${id},"count":${count},`;
    await reply.type(JSON_TYPE).send(head + listText(data, nextCursor).slice(1));
  }
}

/** What one citation has to contain. */
function citedMembers(query: CitingMessagesQuery): Readonly<Record<string, string>> {
  const { 'citation.symbol': symbol, 'citation.url': url, 'citation.documentId': documentId } = query;
  return {
    ...(symbol === undefined ? {} : { type: 'stock-data', symbol }),
    ...(url === undefined ? {} : { url }),
    ...(documentId === undefined ? {} : { documentId }),
  };
}
