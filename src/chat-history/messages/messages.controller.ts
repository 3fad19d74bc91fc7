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
import { JSON_TYPE } from '../../common/json-text.js';
import { nextLink } from '../../common/pagination.js';
import { AnySession, CurrentUser, type Principal } from '../../common/principal.js';
import { ApiNotModified, ApiProblems } from '../../common/problem.dto.js';
import { conversationPath, type ConversationPath } from '../conversations/dto/conversation.dto.js';
import { historyOwner } from '../history-owner.types.js';
import { AppendMessageService } from './append-message.service.js';
import { appendMessageRequest, type AppendMessageRequest } from './dto/append-message.dto.js';
import {
  messageListResponse,
  messagePath,
  messageResponse,
  readMessagesQuery,
  type MessagePath,
  type ReadMessagesQuery,
} from './dto/message.dto.js';
import { ReadMessagesService } from './read-messages.service.js';
import { RedactMessageService } from './redact-message.service.js';

/** Messages of one's own conversations over HTTP. */
@ApiTags('chat history')
@Controller('v1/conversations/:id/messages')
@AnySession()
export class MessagesController {
  constructor(
    private readonly appends: AppendMessageService,
    private readonly reads: ReadMessagesService,
    private readonly redactions: RedactMessageService,
  ) {}

  @Post()
  @RouteConfig({ exactNumbers: ['value'], keptNumbers: ['metadata'] })
  @ApiOperation({
    summary: 'Add a message',
    description:
      'With an `id` of your own it can be sent again until it is answered: it is stored once. `If-Match` names the last `seq` that you know.',
  })
  @ApiCreatedResponse({ standardSchema: messageResponse })
  @ApiOkResponse({ standardSchema: messageResponse, description: 'Stored before, by the same request' })
  @ApiProblems(401, 404, 408, 409, 412, 413, 415, 422)
  async appendMessage(
    @CurrentUser() principal: Principal,
    @Param({ schema: conversationPath }) { id }: ConversationPath,
    @Body({ schema: appendMessageRequest }) message: AppendMessageRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const input = { conversationId: id, message, ifMatch };
    const appended = await this.appends.append(historyOwner(principal), input);
    reply.status(appended.created ? 201 : 200).header('etag', appended.etag);
    if (appended.created) reply.header('location', `/v1/conversations/${id}/messages/${appended.id}`);
    await reply.type(JSON_TYPE).send(appended.json);
  }

  @Get()
  @ApiOperation({ summary: 'Read messages in their order' })
  @ApiOkResponse({ standardSchema: messageListResponse })
  @ApiProblems(401, 404)
  async listMessages(
    @CurrentUser() principal: Principal,
    @Param({ schema: conversationPath }) { id }: ConversationPath,
    @Query({ schema: readMessagesQuery }) query: ReadMessagesQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { order, limit, cursor } = query;
    const page = { conversationId: id, order, limit, cursor };
    const { body, nextCursor } = await this.reads.page(historyOwner(principal), page);
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(body);
  }

  @Get(':messageId')
  @ApiOperation({
    summary: 'Read one message that the conversation shows',
    description: 'Its `ETag` changes with the message, and with the status of the prices that it quotes.',
  })
  @ApiOkResponse({ standardSchema: messageResponse })
  @ApiNotModified()
  @ApiProblems(401, 404)
  async getMessage(
    @CurrentUser() principal: Principal,
    @Param({ schema: messagePath }) { id, messageId }: MessagePath,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { json, etag } = await this.reads.get(historyOwner(principal), id, messageId);
    if (isUnchanged(reply, etag, ifNoneMatch)) await reply.send();
    else await reply.type(JSON_TYPE).send(json);
  }

  @Delete(':messageId')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Redact a message',
    description:
      'Its content, citations and metadata are gone for good; that there was a message, and its `seq`, stay. `If-Match` names the `ETag` that it was read with.',
  })
  @ApiNoContentResponse()
  @ApiProblems(401, 404, 412, 422)
  async redactMessage(
    @CurrentUser() principal: Principal,
    @Param({ schema: messagePath }) { id, messageId }: MessagePath,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.redactions.redact(historyOwner(principal), { conversationId: id, messageId, ifMatch });
  }
}
