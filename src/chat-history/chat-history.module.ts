import { Module } from '@nestjs/common';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { VersioningModule } from '../versioning/versioning.module.js';
import { CitationsModule } from './citations/citations.module.js';
import { ConversationClaims } from './conversations/conversation-claims.service.js';
import { ConversationFamilyService } from './conversations/conversation-family.service.js';
import { ConversationsController } from './conversations/conversations.controller.js';
import { ConversationsService } from './conversations/conversations.service.js';
import { AppendMessageService } from './messages/append-message.service.js';
import { EventsModule } from './events/events.module.js';
import { ExportModule } from './export/export.module.js';
import { MessagesController } from './messages/messages.controller.js';
import { ReadMessagesService } from './messages/read-messages.service.js';
import { RedactMessageService } from './messages/redact-message.service.js';
import { RetentionModule } from './retention/retention.module.js';
import { SearchModule } from './search/search.module.js';

/** Conversations, their messages, and the prices that these quote. */
@Module({
  imports: [
    CitationsModule,
    EncryptionModule,
    SessionsModule,
    VersioningModule,
    EventsModule,
    ExportModule,
    RetentionModule,
    SearchModule,
  ],
  controllers: [ConversationsController, MessagesController],
  providers: [
    ConversationClaims,
    ConversationFamilyService,
    ConversationsService,
    AppendMessageService,
    ReadMessagesService,
    RedactMessageService,
  ],
})
export class ChatHistoryModule {}
