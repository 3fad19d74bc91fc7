import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditService } from '../audit/audit.service.js';
import type { DomainError } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { originOf } from '../common/request-origin.js';
import { SessionCookieService } from './session-cookie.service.js';
import { ForeignOrigin } from './sessions.errors.js';

/** Writes to the audit log which routes were refused to whom. Call it once the request was counted: each costs a row. */
@Injectable()
export class AccessRefusals {
  constructor(
    private readonly audit: AuditService,
    private readonly cookies: SessionCookieService,
  ) {}

  /** Notes a refusal. **Shape**: `principal` null where nobody found out yet who asks. */
  async note(request: FastifyRequest, principal: Principal | null, { code }: DomainError): Promise<void> {
    await this.audit.note({
      action: 'access.refused',
      outcome: 'refused',
      userId: principal?.userId ?? null,
      sessionId: principal?.sessionId ?? null,
      target: { type: 'route', id: `${request.method} ${request.routeOptions.url ?? request.url}` },
      origin: originOf(request),
      details: { code },
    });
  }

  /** As `SessionCookieService.requireTrustedOrigin`, for public routes that open a session. **Errors**: `ForeignOrigin`. */
  async requireTrustedOrigin(request: FastifyRequest): Promise<void> {
    try {
      this.cookies.requireTrustedOrigin(request);
    } catch (error) {
      if (error instanceof ForeignOrigin) await this.note(request, null, error);
      throw error;
    }
  }
}
