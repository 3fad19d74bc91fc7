import { Inject, Injectable, Logger } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { SETTINGS, type Settings } from '../config/settings.js';
import { DatabaseBusy } from '../database/database.errors.js';
import { troubleText } from '../database/direct-connection.js';
import { DatabaseActivity } from '../database/database-activity.service.js';
import { SchemaState } from '../database/schema-state.service.js';
import { StartState } from '../database/start-state.service.js';
import { EncryptionService } from '../encryption/encryption.service.js';

const DATABASE_TIMEOUT_MS = 1_000;

/** Answers, cause by cause, whether the service may be sent requests. */
@Injectable()
export class ReadinessIndicator {
  private readonly logger = new Logger('Readiness');
  private trouble: string | null = null;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly schema: SchemaState,
    private readonly start: StartState,
    private readonly encryption: EncryptionService,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly activity: DatabaseActivity,
  ) {}

  /** The start is over. */
  async started(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('start');
    return this.start.pending === null ? check.up() : check.down({ at: this.start.pending });
  }

  /**
   * The database answers. **Why** a busy pool counts as up: under load every replica's is busy, and if all went unready at
   * once there would be nobody left to answer.
   */
  async database(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('database');
    // A probe must not wake a database that is suspended because nobody needs it.
    if (!this.activity.isAwake) return check.up({ asleep: true });
    try {
      await withTimeout(this.activity.unasked(() => this.schema.ping()));
      this.trouble = null;
      return check.up();
    } catch (error) {
      if (error instanceof DatabaseBusy) return check.up();
      this.say(error);
      return check.down();
    }
  }

  /** Once for each trouble, not at each probe: what a probe is told names no cause, and whoever runs the service needs it. */
  private say(error: unknown): void {
    const { app } = this.settings.database;
    if (app === null) return;
    const trouble = troubleText(app, error);
    if (trouble !== this.trouble) this.logger.error(`not ready: ${trouble}`);
    this.trouble = trouble;
  }

  /** The schema is the one that this build expects. A newer one is fine: the release before must go on while it rolls out. */
  async schemaVersion(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('schema');
    if (!this.activity.isAwake) return check.up({ asleep: true });
    try {
      const { pending, unknown } = await withTimeout(this.activity.unasked(() => this.schema.compare()));
      return pending.length === 0 ? check.up({ newer: unknown }) : check.down({ pending });
    } catch (error) {
      return error instanceof DatabaseBusy ? check.up() : check.down();
    }
  }

  /** Keys are loaded and are those in use, so that what is stored can be read and what is signed checked. */
  async encryptionKeys(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('encryptionKeys');
    const { keyIds, fault } = this.encryption;
    if (fault !== null) return check.down({ keys: keyIds, fault });
    return keyIds.length > 0 ? check.up({ keys: keyIds }) : check.down();
  }
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('timed out')), DATABASE_TIMEOUT_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
