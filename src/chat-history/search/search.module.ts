import { Module } from '@nestjs/common';
import { EncryptionModule } from '../../encryption/encryption.module.js';
import { SearchMessagesController } from './search-messages.controller.js';
import { SearchMessagesService } from './search-messages.service.js';

/** Full-text search over one's own messages. */
@Module({
  imports: [EncryptionModule],
  controllers: [SearchMessagesController],
  providers: [SearchMessagesService],
})
export class SearchModule {}
