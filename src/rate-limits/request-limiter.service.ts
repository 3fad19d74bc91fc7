import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProxyHint } from './proxy-hint.service.js';
import { NO_RATE_LIMIT_METADATA } from './rate-limit.decorator.js';
import { RateLimitService, retryAfterOf } from './rate-limit.service.js';
import { TooManyRequests } from './rate-limits.errors.js';
import type { LimitedClient, RateLimitName, Standing } from './rate-limits.types.js';

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
    private readonly hint: ProxyHint,
  ) {}

  /**
   * Counts the request. **Shape**: `userId` is null for everybody who has not signed in: visitors make their own ids, as many as
   * they like, and count by address.
   *
   * **Errors**: `TooManyRequests`; `DatabaseUnavailable` and its siblings.
   */
  async enforce(context: ExecutionContext, userId: string | null): Promise<void> {
    this.hint.look(context.switchToHttp().getRequest<FastifyRequest>());
    if (!this.limits.isEnabled) return;
    const isExempt = this.reflector.getAllAndOverride<boolean | undefined>(NO_RATE_LIMIT_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (isExempt === true) return;
    const http = context.switchToHttp();
    const { ip } = http.getRequest<FastifyRequest>();
    await this.count('default', { userId, address: ip }, http.getResponse<FastifyReply>());
  }

  /**
   * Counts by address, under another limit than the ordinary one, what a request turned out to be; the answer tells of that limit.
   *
   * **Errors**: as {@link enforce}.
   */
  async admit(name: RateLimitName, { ip }: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!this.limits.isEnabled) return;
    await this.count(name, { userId: null, address: ip }, reply);
  }

  /** Counts a request that no route takes, by address, before it is answered 404 or 405. **Errors**: `TooManyRequests`. */
  async countUnknown(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!request.is404) return;
    try {
      await this.admit('default', request, reply);
    } catch (error) {
      // Nothing is looked up for such an answer, so it needs no database.
      if (error instanceof TooManyRequests) throw error;
    }
  }

  private async count(name: RateLimitName, client: LimitedClient, reply: FastifyReply): Promise<void> {
    const standing = await this.limits.take(name, client);
    tell(reply, standing);
    if (!standing.accepted) throw new TooManyRequests(retryAfterOf(standing));
  }
}

/** The headers of draft-ietf-httpapi-ratelimit-headers: structured fields, one item for each limit. */
function tell(reply: FastifyReply, { name, limit, windowSeconds, remaining, resetSeconds }: Standing): void {
  reply.header('ratelimit-policy', `"${name}";q=${limit};w=${windowSeconds}`);
  reply.header('ratelimit', `"${name}";r=${remaining};t=${resetSeconds}`);
}
