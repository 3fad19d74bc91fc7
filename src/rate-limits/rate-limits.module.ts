import { Module } from '@nestjs/common';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { GuessLimitService } from './guess-limit.service.js';
import { LimitKeys } from './limit-keys.service.js';
import { ProxyHint } from './proxy-hint.service.js';
import { PurgeLimitsService } from './purge-limits.service.js';
import { RateLimitService } from './rate-limit.service.js';
import { RequestLimiter } from './request-limiter.service.js';

/** Limits on requests and on guesses, shared by all processes. */
@Module({
  imports: [EncryptionModule],
  providers: [LimitKeys, ProxyHint, RateLimitService, RequestLimiter, GuessLimitService, PurgeLimitsService],
  exports: [RateLimitService, RequestLimiter, GuessLimitService],
})
export class RateLimitsModule {}
