import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { packageVersion } from '../common/package-version.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { SlowQueryLog } from '../database/slow-query-log.service.js';
import { SqlService } from '../database/sql.service.js';
import { StoreWatchService } from './figures/store-watch.service.js';
import { WorkFiguresService } from './figures/work-figures.service.js';
import { makeInstruments } from './instruments.js';
import { MetricsListener } from './metrics-listener.js';
import { registerFigures } from './register-figures.js';
import { watchImports } from './watch-imports.js';
import { watchRequests } from './watch-requests.js';

/**
 * Counts, and serves what was counted to Prometheus, where `METRICS_PORT` asks for it. Otherwise nothing is loaded, hooked or
 * counted.
 */
@Injectable()
export class MetricsService implements OnApplicationShutdown {
  private listener: MetricsListener | null = null;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly sql: SqlService,
    private readonly statements: SlowQueryLog,
    private readonly store: StoreWatchService,
    private readonly work: WorkFiguresService,
  ) {}

  /** Where metrics are served; null when they are not. */
  get port(): number | null {
    return this.listener?.port ?? null;
  }

  /** Begins to count and to listen. Call it once, before the routes are made. **Errors**: `ConfigurationError`. */
  async begin(fastify: FastifyInstance): Promise<void> {
    const { metrics } = this.settings;
    if (metrics === null) return;
    const client = await import('@prometheus-io/client');
    const registry = new client.Registry();
    client.collectDefaultMetrics({ register: registry });
    const instruments = makeInstruments({ client, registry });
    watchRequests(fastify, instruments.requests);
    watchImports(fastify, () => this.work.imports.totals.noteFailed());
    this.statements.watch(instruments.statements);
    await this.sql.watchWaits(instruments.waits);
    const { store, work } = this;
    registerFigures({ client, registry }, { store, work, version: packageVersion() });
    const { contentType } = registry;
    this.listener = await MetricsListener.open(metrics, { contentType, text: () => registry.metrics() });
  }

  /** **Why** so late: what happens while the service stops is worth a look as well. */
  async onApplicationShutdown(): Promise<void> {
    await this.listener?.close();
  }
}
