import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/**
 * Says once in the log that a proxy stands in front which `TRUSTED_PROXIES` does not list: then everybody behind it counts as one
 * address, and shares its limits. **Why** once: any client may send the header, and must not be able to fill the log.
 */
@Injectable()
export class ProxyHint {
  private readonly logger = new Logger('Limits');
  private isGiven = false;

  look(request: Pick<FastifyRequest, 'headers' | 'ips' | 'ip'>): void {
    if (this.isGiven || request.headers['x-forwarded-for'] === undefined) return;
    // The peer, and before it whomever it names if its word counts.
    if ((request.ips?.length ?? 1) > 1) return;
    this.isGiven = true;
    this.logger.warn({
      msg: 'X-Forwarded-For from a peer that TRUSTED_PROXIES does not list; all clients behind it count as one address',
      peer: request.ip,
    });
  }
}
