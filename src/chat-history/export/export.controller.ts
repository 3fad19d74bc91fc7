import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../common/api-docs.js';
import type { FastifyReply } from 'fastify';
import { JSON_TYPE } from '../../common/json-text.js';
import { AnySession, CurrentUser, type Principal } from '../../common/principal.js';
import { ApiProblems } from '../../common/problem.dto.js';
import { conversationPath, type ConversationPath } from '../conversations/dto/conversation.dto.js';
import { historyOwner } from '../history-owner.types.js';
import { exportResponse } from './dto/export.dto.js';
import { ExportConversationService } from './export-conversation.service.js';

/** Exports over HTTP. */
@ApiTags('chat history')
@AnySession()
@Controller('v1/conversations/:id/export')
export class ExportController {
  constructor(private readonly exports: ExportConversationService) {}

  @Get()
  @ApiOperation({
    summary: 'Export a conversation with what it quotes, as a document that can be checked later',
  })
  @ApiOkResponse({ standardSchema: exportResponse })
  @ApiProblems(401, 404, 422)
  async exportConversation(
    @CurrentUser() principal: Principal,
    @Param({ schema: conversationPath }) { id }: ConversationPath,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const document = await this.exports.export(historyOwner(principal), id);
    await reply
      .type(JSON_TYPE)
      .header('content-disposition', `attachment; filename="conversation-${id}.json"`)
      .send(JSON.stringify(document));
  }
}
