import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { RequestWithPrincipal } from '../common/principal.js';
import { RequestLimiter } from './request-limiter.service.js';

/** Limits how often a client may ask. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limiter: RequestLimiter) {}

  /** **Errors**: as `RequestLimiter.enforce`. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { principal } = context.switchToHttp().getRequest<RequestWithPrincipal>();
    await this.limiter.enforce(context, principal?.userId ?? null);
    return true;
  }
}
