import { MikroOrmModule } from '@mikro-orm/nestjs';
import type { EntitySchema } from '@mikro-orm/postgresql';
import { Global, Logger, Module, type DynamicModule } from '@nestjs/common';
import type { ConnectionSettings, Settings } from '../config/settings.js';
import { ormOptions } from './orm-options.js';
import { DatabaseActivity } from './database-activity.service.js';
import { ScheduledJobs } from './scheduled-job.service.js';
import { ReplicaReads } from './replica-reads.service.js';
import { RunningStatements } from './running-statements.service.js';
import { SchemaState } from './schema-state.service.js';
import { Shutdown } from './shutdown.service.js';
import { SlowQueryLog } from './slow-query-log.service.js';
import { SqlService } from './sql.service.js';
import { StartState } from './start-state.service.js';
import { UnitOfWork } from './unit-of-work.service.js';

/** What every feature may ask for. */
const SERVICES = [
  SqlService,
  ReplicaReads,
  UnitOfWork,
  SlowQueryLog,
  SchemaState,
  ScheduledJobs,
  StartState,
  Shutdown,
  DatabaseActivity,
];

/** The one ORM set-up, and what runs hand-written statements on its pool. */
@Global()
@Module({})
export class DatabaseModule {
  /** **Shape**: `entities` come from above, because this floor knows no feature. */
  static forRoot(input: {
    settings: Settings;
    connection: ConnectionSettings;
    entities: readonly EntitySchema[];
  }): DynamicModule {
    const logger = new Logger('SlowQuery');
    return {
      module: DatabaseModule,
      imports: [
        MikroOrmModule.forRoot({
          ...ormOptions({
            ...input,
            onSlowQuery: (text, durationMs) =>
              logger.warn({ msg: 'slow query', statement: text, durationMs: Math.round(durationMs) }),
          }),
          // Who needs entities takes a unit of work, or forks; a request that needs none pays for none.
          registerRequestContext: false,
        }),
      ],
      providers: [...SERVICES, RunningStatements],
      exports: SERVICES,
    };
  }
}
