import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { VerificationService } from './verification.service.js';

/** Whether a store is whole. No routes: it is asked from the command line. */
@Module({
  imports: [KeysModule],
  providers: [VerificationService],
  exports: [VerificationService],
})
export class VerificationModule {}
