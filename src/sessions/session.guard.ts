import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import {
  ACCESS_METADATA,
  type AccessRule,
  type Principal,
  type RequestWithPrincipal,
} from '../common/principal.js';
import { RequestLimiter } from '../rate-limits/request-limiter.service.js';
import { AccessRefusals } from './access-refusals.service.js';
import { AuthenticatorService } from './authenticator.service.js';
import { ForeignOrigin, Forbidden, SignInRequired, Unauthenticated } from './sessions.errors.js';
import type { SessionToken } from './credentials/session-token.js';
import { visitorIdOf } from './credentials/visitor-id.js';

/**
 * The one guard in front of every route: finds out who asks, and holds the route's access rule against it.
 *
 * On a public route credentials are not looked at: a probe must not need the database, and whoever signs in anew may carry a token
 * that died. Only an `X-Session-Id` of a wrong shape is refused everywhere.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: AuthenticatorService,
    private readonly refusals: AccessRefusals,
    private readonly limiter: RequestLimiter,
  ) {}

  /**
   * **Errors**: `InvalidVisitorId`, `AmbiguousCookies`, `Unauthenticated`, `SignInRequired`, `Forbidden`, `ForeignOrigin`,
   * `TooManyRequests`.
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & RequestWithPrincipal>();
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    const visitorId = await this.read(context, () => visitorIdOf(request));
    // The start fails for a route without a rule; should one be added later, nobody may call it.
    if (rule === undefined) throw new Forbidden();
    if ('public' in rule) {
      await this.limiter.enforce(context, null);
      return true;
    }
    const principal = await this.principalOf(context, visitorId, rule);
    request.principal = principal;
    if ('roles' in rule && !rule.roles.some((role) => role === principal.role)) {
      const refusal = new Forbidden();
      await this.refusals.note(request, principal, refusal);
      throw refusal;
    }
    return true;
  }

  private async principalOf(
    context: ExecutionContext,
    visitorId: string | null,
    rule: AccessRule,
  ): Promise<Principal> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = await this.read(context, () => this.authenticator.tokenOf(request));
    if (token !== null) return this.personOf(context, token);
    // Before a visitor's row is made: each new id costs one, and the client nothing.
    await this.limiter.enforce(context, null);
    if (visitorId === null) throw new Unauthenticated();
    // Before the look-up: no row is made for a visitor who could not get in anyway.
    if ('roles' in rule) throw new SignInRequired();
    return this.authenticator.visitor(visitorId, request);
  }

  /** Counted before the role is looked at: each refusal is written to the audit log. A worthless token counts by address. */
  private async personOf(context: ExecutionContext, token: SessionToken): Promise<Principal> {
    try {
      const person = await this.authenticator.signedIn(token);
      await this.limiter.enforce(context, person.userId);
      return person;
    } catch (error) {
      if (error instanceof Unauthenticated) await this.limiter.enforce(context, null);
      throw error;
    }
  }

  /** What a request shows of itself. **Why** counted when it is refused for its form: else that would be a way around the limit. */
  private async read<T>(context: ExecutionContext, look: () => T): Promise<T> {
    try {
      return look();
    } catch (error) {
      await this.limiter.enforce(context, null);
      const request = context.switchToHttp().getRequest<FastifyRequest>();
      if (error instanceof ForeignOrigin) await this.refusals.note(request, null, error);
      throw error;
    }
  }
}
