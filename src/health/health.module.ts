import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { Settings } from '../config/settings.js';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { ReadinessIndicator } from './readiness.indicator.js';

/** Probes. Readiness turns 503 for `shutdownDelayMs` before the server drains, so that nobody is sent here any more. */
@Module({})
export class HealthModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: HealthModule,
      imports: [
        TerminusModule.forRoot({ gracefulShutdownTimeoutMs: settings.http.shutdownDelayMs, logger: false }),
        EncryptionModule,
      ],
      controllers: [HealthController],
      providers: [HealthService, ReadinessIndicator],
    };
  }
}
