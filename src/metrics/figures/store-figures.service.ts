import { Injectable, Logger } from '@nestjs/common';
import { RetentionService } from '../../chat-history/retention/retention.service.js';
import { DatabaseBusy } from '../../database/database.errors.js';
import { SchemaState } from '../../database/schema-state.service.js';
import { KnownKeysService } from '../../keys/known-keys.service.js';
import type { KnownKey } from '../../keys/keys.types.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { RevisionLogService } from '../../versioning/revisions/revision-log.service.js';
import { ArchiverService, type ArchiverFigures } from './archiver.service.js';

/** What the database says of the store. **Shape**: undefined where it could not say. */
export interface StoreFigures {
  readonly newestRevision?: number | undefined;
  readonly sessions?: { readonly people: number; readonly visitors: number } | undefined;
  readonly retentionLagSeconds?: number | undefined;
  readonly keys?: readonly KnownKey[] | undefined;
  readonly archiver?: ArchiverFigures | undefined;
}

/** One look at the database. */
export interface StoreReading {
  readonly isUp: boolean;
  readonly figures: StoreFigures;
}

/** However many scrape, the database is asked this often. **Units**: milliseconds. */
const FRESH_MS = 15_000;
/** A database that was away is looked for sooner. **Units**: milliseconds. */
const FRESH_WHILE_AWAY_MS = 3_000;
/** A scrape waits no longer for the database: Prometheus gives up after ten seconds. **Units**: milliseconds. */
const PATIENCE_MS = 2_000;
/** Beyond this many, live sessions are not counted: counting them takes 10 ms. */
const MOST_SESSIONS = 100_000;

const AWAY: StoreReading = { isUp: false, figures: {} };

/**
 * Reads from the database what the metrics say of the store: a few small statements, at most every fifteen seconds, one after the
 * other, so that a scrape never takes more than one connection. A slow database makes no scrape slow.
 */
@Injectable()
export class StoreFiguresService {
  private readonly logger = new Logger('Metrics');
  private last: { readonly reading: StoreReading; readonly at: number } | null = null;
  private pending: Promise<StoreReading> | null = null;

  constructor(
    private readonly schema: SchemaState,
    private readonly revisions: RevisionLogService,
    private readonly sessions: SessionsService,
    private readonly retention: RetentionService,
    private readonly keys: KnownKeysService,
    private readonly archiver: ArchiverService,
  ) {}

  /** Never fails, and takes two seconds at most. **Shape**: a database that does not answer in that time is not up. */
  async read(): Promise<StoreReading> {
    const { last } = this;
    const freshMs = last?.reading.isUp === false ? FRESH_WHILE_AWAY_MS : FRESH_MS;
    if (last !== null && performance.now() - last.at < freshMs) return last.reading;
    this.pending ??= this.look().finally(() => (this.pending = null));
    return within(PATIENCE_MS, this.pending);
  }

  private async look(): Promise<StoreReading> {
    const reading = await this.ask();
    this.last = { reading, at: performance.now() };
    return reading;
  }

  private async ask(): Promise<StoreReading> {
    try {
      await this.schema.ping();
    } catch (error) {
      // A pool whose connections are all at work says nothing against the database: see the metrics of the pool.
      return error instanceof DatabaseBusy ? (this.last?.reading ?? { isUp: true, figures: {} }) : AWAY;
    }
    const figures: StoreFigures = {
      newestRevision: await this.tried(() => this.revisions.head()),
      sessions: await this.tried(() => this.sessions.countLive(MOST_SESSIONS)),
      retentionLagSeconds: await this.tried(() => this.retention.lagSeconds()),
      keys: await this.tried(() => this.keys.all()),
      archiver: await this.tried(() => this.archiver.read()),
    };
    return { isUp: true, figures };
  }

  /** One figure that fails, as all do before the first migration, must not take the others with it. */
  private async tried<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.logger.debug({ msg: 'a figure of the metrics could not be read', err: error });
      return undefined;
    }
  }
}

async function within(limitMs: number, reading: Promise<StoreReading>): Promise<StoreReading> {
  const { promise, resolve } = Promise.withResolvers<StoreReading>();
  const timer = setTimeout(() => resolve(AWAY), limitMs);
  try {
    return await Promise.race([reading, promise]);
  } finally {
    clearTimeout(timer);
  }
}
