import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestWithPrincipal } from '../common/principal.js';
import { RATE_LIMIT_METADATA } from './rate-limit.decorator.js';
import { RateLimitService, retryAfterOf } from './rate-limit.service.js';
import { TooManyRequests } from './rate-limits.errors.js';
import type { RateLimitName, Standing } from './rate-limits.types.js';

/**
 * Limits how often a client may ask: a person over all sessions, everybody else by address. Register it after the guard that
 * finds out who asks.
 *
 * **Why** visitors count by address: they make their own ids, as many as they like.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: RateLimitService,
  ) {}

  /** **Errors**: `TooManyRequests`; `DatabaseUnavailable` and its siblings. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.limits.isEnabled) return true;
    const targets = [context.getHandler(), context.getClass()];
    const marked = this.reflector.getAllAndOverride<RateLimitName | null | undefined>(
      RATE_LIMIT_METADATA,
      targets,
    );
    if (marked === null) return true;
    const name = marked ?? 'default';
    const request = context.switchToHttp().getRequest<FastifyRequest & RequestWithPrincipal>();
    const standing = await this.limits.take(name, {
      userId: request.principal?.userId ?? null,
      address: request.ip,
    });
    tell(context.switchToHttp().getResponse<FastifyReply>(), standing);
    if (!standing.accepted) throw new TooManyRequests(retryAfterOf(standing));
    return true;
  }
}

/** The headers of draft-ietf-httpapi-ratelimit-headers: structured fields, one item for each limit. */
function tell(reply: FastifyReply, { name, limit, windowSeconds, remaining, resetSeconds }: Standing): void {
  reply.header('ratelimit-policy', `"${name}";q=${limit};w=${windowSeconds}`);
  reply.header('ratelimit', `"${name}";r=${remaining};t=${resetSeconds}`);
}
