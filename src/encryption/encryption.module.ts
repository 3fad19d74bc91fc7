import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { EncryptionService } from './encryption.service.js';
import { KeyRing } from './key-ring.js';
import { SignerService } from './signer.service.js';

/** The keys, loaded once at start, and what may be done with them. The keys themselves stay inside. */
@Module({
  providers: [
    {
      provide: KeyRing,
      inject: [SETTINGS],
      useFactory: (settings: Settings) => KeyRing.load(settings.encryption),
    },
    EncryptionService,
    SignerService,
  ],
  exports: [EncryptionService, SignerService],
})
export class EncryptionModule {}
