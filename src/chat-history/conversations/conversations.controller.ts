import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify/decorators/index.js';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '../../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '../../common/etag.js';
import { JSON_TYPE, listText } from '../../common/json-text.js';
import { nextLink } from '../../common/pagination.js';
import { AnySession, CurrentUser, type Principal } from '../../common/principal.js';
import { ApiNotModified, ApiProblems } from '../../common/problem.dto.js';
import { historyOwner } from '../history-owner.types.js';
import { ConversationFamilyService } from './conversation-family.service.js';
import { ConversationsService } from './conversations.service.js';
import {
  conversationListResponse,
  conversationPath,
  conversationResponse,
  listConversationsQuery,
  type ConversationPath,
  type ListConversationsQuery,
} from './dto/conversation.dto.js';
import {
  changeConversationRequest,
  createConversationRequest,
  forkConversationRequest,
  type ChangeConversationRequest,
  type CreateConversationRequest,
  type ForkConversationRequest,
} from './dto/write-conversation.dto.js';
import type { MadeConversation } from './store-conversation.js';

/** One's own conversations over HTTP. */
@ApiTags('chat history')
@Controller('v1/conversations')
@AnySession()
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly family: ConversationFamilyService,
  ) {}

  @Post()
  @RouteConfig({ keptNumbers: ['metadata'] })
  @ApiOperation({ summary: 'Begin a conversation' })
  @ApiCreatedResponse({ standardSchema: conversationResponse })
  @ApiOkResponse({ standardSchema: conversationResponse, description: 'Made before, by the same request' })
  @ApiProblems(401, 404, 408, 409, 413, 415)
  async createConversation(
    @CurrentUser() principal: Principal,
    @Body({ schema: createConversationRequest }) body: CreateConversationRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendMade(reply, await this.conversations.create(historyOwner(principal), body));
  }

  @Get()
  @ApiOperation({ summary: 'List your conversations, newest activity first' })
  @ApiOkResponse({ standardSchema: conversationListResponse })
  @ApiProblems(401)
  async listConversations(
    @CurrentUser() principal: Principal,
    @Query({ schema: listConversationsQuery }) query: ListConversationsQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { data, nextCursor } = await this.conversations.list(historyOwner(principal), {
      archived: query.archived === undefined ? null : query.archived === 'true',
      pinned: query.pinned === undefined ? null : query.pinned === 'true',
      limit: query.limit,
      cursor: query.cursor,
    });
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(listText(data, nextCursor));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read one conversation, without its messages' })
  @ApiOkResponse({ standardSchema: conversationResponse })
  @ApiNotModified()
  @ApiProblems(401, 404)
  async getConversation(
    @CurrentUser() principal: Principal,
    @Param({ schema: conversationPath }) { id }: ConversationPath,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { json, etag } = await this.conversations.get(historyOwner(principal), id);
    if (isUnchanged(reply, etag, ifNoneMatch)) await reply.send();
    else await reply.type(JSON_TYPE).send(json);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change what is said of a conversation' })
  @ApiOkResponse({ standardSchema: conversationResponse })
  @ApiProblems(401, 404, 408, 412, 413, 415)
  async changeConversation(
    @CurrentUser() principal: Principal,
    @Param({ schema: conversationPath }) { id }: ConversationPath,
    @Body({ schema: changeConversationRequest }) changes: ChangeConversationRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const input = { id, changes, ifMatch };
    const { json, etag } = await this.conversations.update(historyOwner(principal), input);
    await reply.header('etag', etag).type(JSON_TYPE).send(json);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a conversation and its messages; forks keep what they show' })
  @ApiNoContentResponse()
  @ApiProblems(401, 404, 412)
  async deleteConversation(
    @CurrentUser() principal: Principal,
    @Param({ schema: conversationPath }) { id }: ConversationPath,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.family.remove(historyOwner(principal), id, ifMatch);
  }

  @Post(':id/forks')
  @ApiOperation({ summary: 'Go on from an earlier message in a conversation of its own' })
  @ApiCreatedResponse({ standardSchema: conversationResponse })
  @ApiOkResponse({ standardSchema: conversationResponse, description: 'Made before, by the same request' })
  @ApiProblems(401, 404, 408, 409, 413, 415, 422)
  async forkConversation(
    @CurrentUser() principal: Principal,
    @Param({ schema: conversationPath }) { id }: ConversationPath,
    @Body({ schema: forkConversationRequest }) fork: ForkConversationRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendMade(reply, await this.family.fork(historyOwner(principal), { parentId: id, fork }));
  }
}

async function sendMade(reply: FastifyReply, made: MadeConversation): Promise<void> {
  reply.status(made.created ? 201 : 200).header('etag', made.etag);
  if (made.created) reply.header('location', `/v1/conversations/${made.id}`);
  await reply.type(JSON_TYPE).send(made.json);
}
