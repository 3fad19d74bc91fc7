import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { nextLink } from '../../common/pagination.js';
import { AnySession, CurrentUser, type Principal } from '../../common/principal.js';
import { ApiProblems } from '../../common/problem.dto.js';
import { foundMessagesResponse, searchQuery, type SearchQuery } from './dto/search.dto.js';
import { SearchMessagesService } from './search-messages.service.js';

/** The search over HTTP. */
@ApiTags('chat history')
@AnySession()
@Controller('v1/messages/search')
export class SearchMessagesController {
  constructor(private readonly messages: SearchMessagesService) {}

  @Get()
  @ApiOperation({ summary: 'Search your own messages, best match first' })
  @ApiOkResponse({ standardSchema: foundMessagesResponse })
  @ApiProblems(401)
  async searchMessages(
    @CurrentUser() principal: Principal,
    @Query({ schema: searchQuery }) query: SearchQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const page = await this.messages.search(principal, query);
    const link = nextLink(request.url, page.nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.send(page);
  }
}
