import { Module } from '@nestjs/common';
import { RetentionService } from './retention.service.js';

/** Removes what is past its date. */
@Module({ providers: [RetentionService], exports: [RetentionService] })
export class RetentionModule {}
