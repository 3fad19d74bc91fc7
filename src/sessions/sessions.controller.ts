import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '../common/etag.js';
import { nextLink, type Page } from '../common/pagination.js';
import {
  AnySession,
  CurrentUser,
  Public,
  SignedInOnly,
  type Principal,
  type SignedIn,
} from '../common/principal.js';
import { ApiNotModified, ApiProblems } from '../common/problem.dto.js';
import { Origin, type RequestOrigin } from '../common/request-origin.js';
import { GuessLimited } from '../rate-limits/guess-limited.decorator.js';
import { sha256 } from '../encryption/secrets.js';
import { AccessRefusals } from './access-refusals.service.js';
import { AuthenticatorService } from './authenticator.service.js';
import {
  currentSessionResponse,
  listSessionsQuery,
  sessionListResponse,
  sessionPath,
  type ListSessionsQuery,
  type SessionPath,
} from './dto/session.dto.js';
import {
  openedSessionResponse,
  signInRequest,
  type OpenedSessionResponse,
  type SignInRequest,
} from './dto/sign-in.dto.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { SessionCookieService } from './session-cookie.service.js';
import { answerOf } from './session-view.format.js';
import { Unauthenticated } from './sessions.errors.js';
import type { CurrentSession, SessionView } from './sessions.types.js';
import { SignInService } from './sign-in.service.js';
import { ApiVisitorId, VisitorId } from './visitor.decorator.js';

/** Sessions over HTTP: signing in, signing out, and what else is signed in. */
@ApiTags('sessions')
@Controller('v1/sessions')
export class SessionsController {
  constructor(
    private readonly signIns: SignInService,
    private readonly own: OwnSessionsService,
    private readonly cookies: SessionCookieService,
    private readonly authenticator: AuthenticatorService,
    private readonly refusals: AccessRefusals,
  ) {}

  @Post()
  @Public()
  @GuessLimited()
  @ApiOperation({
    summary: 'Sign in',
    description:
      'Sets the session cookie as well. A session whose token comes with the request, as cookie or in `Authorization`, ends. What the visitor of `X-Session-Id` had becomes the account’s, and that id is worthless afterwards.',
  })
  @ApiVisitorId()
  @ApiCreatedResponse({ standardSchema: openedSessionResponse })
  @ApiProblems(401, 403, 408, 413, 415, 429)
  async signIn(
    @Body({ schema: signInRequest }) body: SignInRequest,
    @VisitorId() visitorId: string | null,
    @Origin() origin: RequestOrigin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OpenedSessionResponse> {
    // Another site could else sign its visitors in as somebody of its choice, and read later what they did.
    if (request.headers.origin !== undefined) await this.refusals.requireTrustedOrigin(request);
    const opened = await this.signIns.signIn({
      ...body,
      visitorId,
      origin,
      shown: this.authenticator.shownBy(request),
    });
    this.cookies.set(request, reply, opened);
    reply.header('location', `/v1/sessions/${opened.id}`);
    return answerOf(opened);
  }

  @Get()
  @SignedInOnly()
  @ApiOperation({ summary: 'List one’s live sessions, newest first' })
  @ApiOkResponse({ standardSchema: sessionListResponse })
  @ApiProblems(401)
  async listSessions(
    @CurrentUser() user: SignedIn,
    @Query({ schema: listSessionsQuery }) query: ListSessionsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<SessionView>> {
    const page = await this.own.list(user, { limit: query.limit, cursor: query.cursor });
    const link = nextLink(request.url, page.nextCursor);
    if (link !== null) reply.header('link', link);
    return page;
  }

  @Get('current')
  @AnySession()
  @ApiOperation({ summary: 'Who asks' })
  @ApiOkResponse({ standardSchema: currentSessionResponse })
  @ApiNotModified()
  @ApiProblems(401)
  async getCurrentSession(
    @CurrentUser() who: Principal,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CurrentSession | undefined> {
    const session = await this.own.current(who);
    // A session has no version; what is shown of it is small.
    const etag = `"${sha256(JSON.stringify(session)).toString('base64url')}"`;
    return isUnchanged(reply, etag, ifNoneMatch) ? undefined : session;
  }

  @Delete('current')
  @HttpCode(204)
  @AnySession()
  @ApiOperation({ summary: 'Sign out; a visitor’s id is worthless afterwards, too' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403)
  async signOut(
    @CurrentUser() who: Principal,
    @Origin() origin: RequestOrigin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.own.signOut(who, origin);
    this.cookies.clear(request, reply);
  }

  @Post('current/rotate')
  @HttpCode(200)
  @SignedInOnly()
  @ApiOperation({
    summary: 'A new token for the same session',
    description:
      'The token that was sent stops working at once. Of two rotations of one token one answers 200, the other 401. Expiry stays.',
  })
  @ApiOkResponse({ standardSchema: openedSessionResponse })
  @ApiProblems(401, 403)
  async rotateSession(
    @CurrentUser() user: SignedIn,
    @Origin() origin: RequestOrigin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OpenedSessionResponse> {
    const shown = this.authenticator.tokenOf(request);
    if (shown === null) throw new Unauthenticated();
    const opened = await this.own.rotate(user, shown, origin);
    this.cookies.set(request, reply, opened);
    return answerOf(opened);
  }

  @Delete(':id')
  @HttpCode(204)
  @SignedInOnly()
  @ApiOperation({ summary: 'End one of one’s sessions' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404)
  async endSession(
    @Param({ schema: sessionPath }) { id }: SessionPath,
    @CurrentUser() user: SignedIn,
    @Origin() origin: RequestOrigin,
  ): Promise<void> {
    await this.own.end(user, id, origin);
  }

  @Delete()
  @HttpCode(204)
  @SignedInOnly()
  @ApiOperation({ summary: 'End all of one’s sessions but the one that asks' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403)
  async endOtherSessions(@CurrentUser() user: SignedIn, @Origin() origin: RequestOrigin): Promise<void> {
    await this.own.endOthers(user, origin);
  }
}
