import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SETTINGS, type Settings } from '../config/settings.js';
import { SqlService } from '../database/sql.service.js';
import { networkOf } from './counting/client-network.js';
import { LimitKeys } from './limit-keys.service.js';
import { PointLease, type Grant } from './counting/point-lease.js';
import { takePoints } from './rate-limit-windows.queries.js';
import { TooManyRequests } from './rate-limits.errors.js';
import type { LimitedClient, Quota, RateLimitName, Standing } from './rate-limits.types.js';

/** Clients whose share is remembered; one that is forgotten only has to ask the database again. */
const MAX_LEASES = 20_000;
/** Of a limit of 1,200, at most this much per question: a twentieth of the requests cost a statement. */
const MAX_POINTS = 64;
/** A small limit is not worth sharing out: what one process holds the others lack. */
const LIMIT_PER_POINT = 16;
const MS_PER_SECOND = 1_000;

/** Counts requests per client in windows that all processes share. */
@Injectable()
export class RateLimitService {
  private readonly leases = new LRUCache<string, PointLease>({ max: MAX_LEASES });

  constructor(
    private readonly sql: SqlService,
    private readonly keys: LimitKeys,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Whether requests are limited at all. */
  get isEnabled(): boolean {
    return this.settings.limits.enabled;
  }

  /** Counts a request and says how the client stands. **Errors**: `DatabaseUnavailable` and its siblings: nobody passes uncounted. */
  async take(name: RateLimitName, client: LimitedClient): Promise<Standing> {
    const { subject, quota } = this.limitFor(name, client);
    const key = `${name} ${subject}`;
    let lease = this.leases.get(key);
    if (lease === undefined) {
      lease = this.lease(this.keys.keyOf('window', key), quota);
      this.leases.set(key, lease);
    }
    const { accepted, remaining, endsInMs } = await lease.take();
    return { ...quota, name, accepted, remaining, resetSeconds: Math.ceil(endsInMs / MS_PER_SECOND) };
  }

  /**
   * Counts something that has a limit of its own, unless limits are switched off.
   *
   * **Errors**: `TooManyRequests`, and those of {@link take}.
   */
  async admit(name: RateLimitName, client: LimitedClient): Promise<void> {
    if (!this.isEnabled) return;
    const standing = await this.take(name, client);
    if (!standing.accepted) throw new TooManyRequests(retryAfterOf(standing));
  }

  private limitFor(name: RateLimitName, client: LimitedClient): { subject: string; quota: Quota } {
    const { windowSeconds, perUser, perAddress, registrationsPerAddress } = this.settings.limits;
    const address = `address ${networkOf(client.address)}`;
    switch (name) {
      case 'registration':
        return { subject: address, quota: { limit: registrationsPerAddress, windowSeconds: 3_600 } };
      case 'default':
        return client.userId === null
          ? { subject: address, quota: { limit: perAddress, windowSeconds } }
          : { subject: `user ${client.userId}`, quota: { limit: perUser, windowSeconds } };
    }
  }

  private lease(key: Buffer, quota: Quota): PointLease {
    const maxPoints = Math.min(MAX_POINTS, Math.floor(quota.limit / LIMIT_PER_POINT));
    return new PointLease(async (ask): Promise<Grant> => {
      // Run twice after a cut connection, it loses points and never gives too many.
      const row = await this.sql.readOne(takePoints({ key, ...quota, ...ask }));
      const [points, left, endsInMs] = row as readonly [number, number, number];
      return { points, left, endsInMs };
    }, maxPoints);
  }
}

/** How long to wait, in whole seconds: at least one, because zero would mean now. */
export function retryAfterOf({ resetSeconds }: Standing): number {
  return Math.max(resetSeconds, 1);
}
