import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { KeyIntroductionService } from './key-introduction.service.js';
import { KeyPresenceService } from './key-presence.service.js';
import { KeysService } from './keys.service.js';
import { KnownKeysService } from './known-keys.service.js';
import { ReadCellsService } from './read-cells.service.js';
import { RingKeeperService } from './ring-keeper.service.js';

/** Which keys this database works with, which process has which, and how they change. */
@Module({
  imports: [AuditModule, EncryptionModule],
  providers: [
    KeyIntroductionService,
    KeyPresenceService,
    KeysService,
    KnownKeysService,
    ReadCellsService,
    RingKeeperService,
  ],
  exports: [KeyPresenceService, KeysService, KnownKeysService, ReadCellsService],
})
export class KeysModule {}
