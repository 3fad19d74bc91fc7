import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { CurrentKeys } from './current-keys.js';
import { EncryptionService } from './encryption.service.js';
import { KeyRing } from './key-ring.js';
import { SignerService } from './signer.service.js';

/** The keys, loaded at start, and what may be done with them. `CurrentKeys` is for whoever looks after the keys themselves. */
@Module({
  providers: [
    {
      provide: CurrentKeys,
      inject: [SETTINGS],
      useFactory: async (settings: Settings) => new CurrentKeys(await KeyRing.load(settings.encryption)),
    },
    EncryptionService,
    SignerService,
  ],
  exports: [EncryptionService, SignerService, CurrentKeys],
})
export class EncryptionModule {}
