import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RATE_LIMIT_METADATA } from './rate-limit.decorator.js';
import { RateLimitService, retryAfterOf } from './rate-limit.service.js';
import { TooManyRequests } from './rate-limits.errors.js';
import type { RateLimitName, Standing } from './rate-limits.types.js';

/**
 * Holds a request against the limit of its route, and tells the client how it stands.
 *
 * **Why** no guard of its own: whoever finds out who asks has to call it at the right moment. A person counts once known and before
 * the role is looked at, because a refusal is written to the audit log; a token that is worth nothing counts by address; and a visitor
 * counts before the row is made that each new id costs.
 */
@Injectable()
export class RequestLimiter {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: RateLimitService,
  ) {}

  /**
   * Counts the request. **Shape**: `userId` is null for everybody who has not signed in: visitors make their own ids, as many as
   * they like, and count by address.
   *
   * **Errors**: `TooManyRequests`; `DatabaseUnavailable` and its siblings.
   */
  async enforce(context: ExecutionContext, userId: string | null): Promise<void> {
    if (!this.limits.isEnabled) return;
    const marked = this.reflector.getAllAndOverride<RateLimitName | null | undefined>(RATE_LIMIT_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (marked === null) return;
    const http = context.switchToHttp();
    const { ip } = http.getRequest<FastifyRequest>();
    const standing = await this.limits.take(marked ?? 'default', { userId, address: ip });
    tell(http.getResponse<FastifyReply>(), standing);
    if (!standing.accepted) throw new TooManyRequests(retryAfterOf(standing));
  }
}

/** The headers of draft-ietf-httpapi-ratelimit-headers: structured fields, one item for each limit. */
function tell(reply: FastifyReply, { name, limit, windowSeconds, remaining, resetSeconds }: Standing): void {
  reply.header('ratelimit-policy', `"${name}";q=${limit};w=${windowSeconds}`);
  reply.header('ratelimit', `"${name}";r=${remaining};t=${resetSeconds}`);
}
