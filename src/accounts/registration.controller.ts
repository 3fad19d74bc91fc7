import { Body, Controller, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../common/principal.js';
import { ApiProblems } from '../common/problem.dto.js';
import { Origin, type RequestOrigin } from '../common/request-origin.js';
import { RequestLimiter } from '../rate-limits/request-limiter.service.js';
import { AccessRefusals } from '../sessions/access-refusals.service.js';
import { AuthenticatorService } from '../sessions/authenticator.service.js';
import { SessionCookieService } from '../sessions/session-cookie.service.js';
import { VisitorId } from '../sessions/visitor.decorator.js';
import {
  registerQuery,
  registerRequest,
  registerResponse,
  type RegisterQuery,
  type RegisterRequest,
  type RegisterResponse,
} from './dto/register.dto.js';
import { RegisterAccountService } from './register-account.service.js';

/** Getting an account over HTTP. */
@ApiTags('users')
@Controller('v1/users')
export class RegistrationController {
  constructor(
    private readonly accounts: RegisterAccountService,
    private readonly cookies: SessionCookieService,
    private readonly authenticator: AuthenticatorService,
    private readonly refusals: AccessRefusals,
    private readonly limiter: RequestLimiter,
  ) {}

  @Post()
  @Public()
  @ApiOperation({
    summary: 'Register',
    description:
      'With `session=true` the answer is `{ user, session }` and sets the session cookie; a session whose token comes with the request ends; what the visitor of `X-Session-Id` had becomes the account’s. Can be switched off by configuration.',
  })
  @ApiCreatedResponse({ standardSchema: registerResponse })
  @ApiProblems(403, 408, 409, 413, 415, 422, 429)
  async register(
    @Body({ schema: registerRequest }) account: RegisterRequest,
    @Query({ schema: registerQuery }) query: RegisterQuery,
    @VisitorId() visitorId: string | null,
    @Origin() origin: RequestOrigin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegisterResponse> {
    const withSession = query.session === 'true';
    // As at sign-in: another site must not be able to sign its visitors in.
    if (withSession && request.headers.origin !== undefined)
      await this.refusals.requireTrustedOrigin(request);
    // Only what could succeed: a slip in a form is not an attempt at an account.
    await this.limiter.admit('registration', request, reply);
    const shown = this.authenticator.shownBy(request);
    const registration = { account, withSession, visitorId, origin, shown };
    const { user, etag, session } = await this.accounts.register(registration);
    reply.headers({ etag, location: `/v1/users/${user.id}` });
    if (session === null) return user;
    this.cookies.set(request, reply, session);
    const { id, token, expiresAt } = session;
    return { user, session: { id, token, expiresAt: expiresAt.toISOString() } };
  }
}
