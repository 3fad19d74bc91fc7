import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { ReadinessIndicator } from './readiness.indicator.js';

/** Probes. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false }), EncryptionModule],
  controllers: [HealthController],
  providers: [HealthService, ReadinessIndicator],
})
export class HealthModule {}
