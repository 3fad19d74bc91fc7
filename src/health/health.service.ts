import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult, type HealthIndicatorFunction } from '@nestjs/terminus';
import { ReplicaReads } from '../database/replica-reads.service.js';
import { Shutdown } from '../database/shutdown.service.js';
import { SqlService } from '../database/sql.service.js';
import type { HealthResponse, ProbeResponse } from './dto/health.dto.js';
import { ReadinessIndicator } from './readiness.indicator.js';

/** The state of the service, for probes and for administrators. */
@Injectable()
export class HealthService {
  constructor(
    private readonly health: HealthCheckService,
    private readonly readiness: ReadinessIndicator,
    private readonly sql: SqlService,
    private readonly shutdown: Shutdown,
    private readonly replicas: ReplicaReads,
  ) {}

  /** Whether requests may be sent: start over, database, schema, keys, not shutting down. */
  async ready(): Promise<ProbeResponse> {
    return this.brief(await this.check(this.causes()));
  }

  /** Whether the start is over. */
  async started(): Promise<ProbeResponse> {
    return this.brief(await this.check([() => this.readiness.started()]));
  }

  /** The same as {@link ready} with details. */
  async detail(): Promise<HealthResponse> {
    const { status, details } = await this.check(this.causes());
    return {
      status: this.stateOf(status),
      checks: details as HealthResponse['checks'],
      uptimeSeconds: Math.round(process.uptime()),
      replicas: [...this.replicas.standing],
      pool: await this.sql.poolState(),
    };
  }

  private causes(): HealthIndicatorFunction[] {
    return [
      () => this.readiness.started(),
      () => this.readiness.database(),
      () => this.readiness.schemaVersion(),
      () => this.readiness.encryptionKeys(),
    ];
  }

  private async check(causes: HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    try {
      return await this.health.check(causes);
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }

  private brief({ status, details }: HealthCheckResult): ProbeResponse {
    return {
      status: this.stateOf(status),
      checks: Object.fromEntries(
        Object.entries(details).map(([name, detail]) => [name, detail.status === 'up' ? 'up' : 'down']),
      ),
    };
  }

  /** A process that stops is not ready, whatever else is well. */
  private stateOf(status: HealthCheckResult['status']): ProbeResponse['status'] {
    if (this.shutdown.hasBegun) return 'shutting_down';
    return status === 'degraded' ? 'ok' : status;
  }
}
