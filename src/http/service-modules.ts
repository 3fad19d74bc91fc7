import type { ModuleMetadata } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { LoggerModule } from 'nestjs-pino';
import type { Settings } from '../config/settings.js';
import { HealthModule } from '../health/health.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { loggerOptions } from './logger-options.js';

/** What only a process that listens has: a log of requests, jobs, probes, metrics. Commands do without, and load fewer files for it. */
export function serviceModules(settings: Settings): NonNullable<ModuleMetadata['imports']> {
  return [
    LoggerModule.forRoot(loggerOptions(settings)),
    ScheduleModule.forRoot(),
    HealthModule,
    MetricsModule,
  ];
}
