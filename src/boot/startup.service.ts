import { setTimeout as sleep } from 'node:timers/promises';
import type { EntitySchema } from '@mikro-orm/postgresql';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchemaState } from '../database/schema-state.service.js';
import { StartState } from '../database/start-state.service.js';
import { KeyPresenceService } from '../keys/key-presence.service.js';
import { UsersService } from '../users/users.service.js';
import { ensureFirstAdministrator, type FirstAdministrator } from './first-administrator.js';
import type { OpenDatabase } from './open-database.js';
import { prepareDatabase } from './prepare-database.js';

export const OPEN_DATABASE = Symbol('OPEN_DATABASE');
export const ENTITIES = Symbol('ENTITIES');

const SCHEMA_POLL_MS = 2_000;

/**
 * What has to happen before the service may serve. Runs while it listens already, so that probes are answered while a
 * database is still on its way.
 */
@Injectable()
export class StartupService {
  private readonly logger = new Logger('Start');

  constructor(
    @Inject(OPEN_DATABASE) private readonly database: OpenDatabase,
    @Inject(ENTITIES) private readonly entities: readonly EntitySchema[],
    private readonly state: StartState,
    private readonly users: UsersService,
    private readonly schema: SchemaState,
    private readonly keys: KeyPresenceService,
  ) {}

  /** **Errors**: `DatabaseSetupError` and `KeyRingError` for what waiting does not mend; the abort of `signal`. */
  async run(signal: AbortSignal): Promise<FirstAdministrator> {
    await prepareDatabase(this.database, {
      entities: this.entities,
      signal,
      onStep: (step) => {
        this.state.at(step);
        this.logger.log(step);
      },
      onWarning: (warning) => this.logger.warn(warning),
    });
    await this.awaitSchema(signal);
    await this.keys.begin();
    const { settings, superuser } = this.database;
    const administrator = await ensureFirstAdministrator(this.users, settings, superuser !== null);
    if (administrator.outcome === 'not-configured') {
      this.logger.warn(
        'there is no user yet: run "stockroom users create-admin", or set STOCKROOM_ADMIN_EMAIL and STOCKROOM_ADMIN_PASSWORD',
      );
    }
    this.state.done();
    return administrator;
  }

  /**
   * Waits until somebody else has migrated, where this process may not: a job that runs before a rollout, or beside it. The
   * probes say meanwhile what is missing.
   */
  private async awaitSchema(signal: AbortSignal): Promise<void> {
    for (let waited = false; ; waited = true) {
      const { pending } = await this.schema.compare();
      if (pending.length === 0) return;
      if (!waited) {
        this.state.at('waiting for migrations');
        this.logger.warn(
          `${pending.length} migrations are not applied, and this process does not apply them: run "stockroom db migrate", or give DATABASE_MIGRATION_URL the owner's connection`,
        );
      }
      await sleep(SCHEMA_POLL_MS, undefined, { signal });
    }
  }
}
