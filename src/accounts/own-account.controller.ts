import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Patch,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '../common/etag.js';
import { CurrentUser, SignedInOnly, type SignedIn } from '../common/principal.js';
import { ApiNotModified, ApiProblems } from '../common/problem.dto.js';
import { Origin, type RequestOrigin } from '../common/request-origin.js';
import { GuessLimited } from '../rate-limits/guess-limited.decorator.js';
import { RequestLimiter } from '../rate-limits/request-limiter.service.js';
import { SessionCookieService } from '../sessions/session-cookie.service.js';
import { UserSettingsService } from '../users/user-settings.service.js';
import { UsersService } from '../users/users.service.js';
import type { SettingsView, UserView } from '../users/users.types.js';
import { AccountsService } from './accounts.service.js';
import { actorOf, namesLogin } from './acting/actor.js';
import {
  changePasswordRequest,
  removeUserQuery,
  updateUserRequest,
  type ChangePasswordRequest,
  type RemoveUserQuery,
  type UpdateUserRequest,
} from './dto/change-user.dto.js';
import { settingsResponse, updateSettingsRequest, type UpdateSettingsRequest } from './dto/settings.dto.js';
import { userResponse } from './dto/user.dto.js';

/** One's own account over HTTP. */
@ApiTags('users')
@Controller('v1/users/me')
@SignedInOnly()
export class OwnAccountController {
  constructor(
    private readonly users: UsersService,
    private readonly accounts: AccountsService,
    private readonly settings: UserSettingsService,
    private readonly cookies: SessionCookieService,
    private readonly limiter: RequestLimiter,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Read oneself' })
  @ApiOkResponse({ standardSchema: userResponse })
  @ApiNotModified()
  @ApiProblems(401)
  async getMe(
    @CurrentUser() { userId }: SignedIn,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView | undefined> {
    const { user, etag } = await this.users.get(userId);
    return isUnchanged(reply, etag, ifNoneMatch) ? undefined : user;
  }

  @Patch()
  @ApiOperation({
    summary: 'Change oneself; role and isActive for an ADMIN only',
    description:
      'A new email or username needs a sign-in within five minutes, and counts as a registration from the same address: it tells whether somebody has it.',
  })
  @ApiOkResponse({ standardSchema: userResponse })
  @ApiProblems(401, 403, 408, 409, 412, 413, 415, 422, 429)
  async updateMe(
    @Body({ schema: updateUserRequest }) body: UpdateUserRequest,
    @CurrentUser() by: SignedIn,
    @Origin() origin: RequestOrigin,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView> {
    if (namesLogin(body)) await this.limiter.admit('registration', request, reply);
    const change = { actor: actorOf(by, origin), targetId: by.userId, ifMatch };
    const { user, etag } = await this.accounts.update(change, body);
    reply.header('etag', etag);
    return user;
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Deactivate oneself and end every session, or erase oneself' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 412, 422)
  async removeMe(
    @Query({ schema: removeUserQuery }) query: RemoveUserQuery,
    @CurrentUser() by: SignedIn,
    @Origin() origin: RequestOrigin,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const change = { actor: actorOf(by, origin), targetId: by.userId, ifMatch };
    if (query.erase === 'true') {
      await this.accounts.erase(change);
    } else {
      await this.accounts.deactivate(change);
    }
    this.cookies.clear(request, reply);
  }

  @Get('settings')
  @ApiOperation({ summary: 'Read one’s settings; the defaults until something is set' })
  @ApiOkResponse({ standardSchema: settingsResponse })
  @ApiNotModified()
  @ApiProblems(401)
  async getSettings(
    @CurrentUser() { userId }: SignedIn,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SettingsView | undefined> {
    const { settings, etag } = await this.settings.get(userId);
    return isUnchanged(reply, etag, ifNoneMatch) ? undefined : settings;
  }

  @Patch('settings')
  @ApiOperation({ summary: 'Change one’s settings' })
  @ApiOkResponse({ standardSchema: settingsResponse })
  @ApiProblems(401, 408, 412, 413, 415)
  async updateSettings(
    @Body({ schema: updateSettingsRequest }) changes: UpdateSettingsRequest,
    @CurrentUser() { userId }: SignedIn,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SettingsView> {
    const { settings, etag } = await this.settings.update({ userId, changes, ifMatch });
    reply.header('etag', etag);
    return settings;
  }

  @Put('password')
  @GuessLimited()
  @HttpCode(204)
  @ApiOperation({ summary: 'Change one’s password; every other session ends' })
  @ApiNoContentResponse()
  @ApiProblems(401, 408, 413, 415, 422, 429)
  async changePassword(
    @Body({ schema: changePasswordRequest }) body: ChangePasswordRequest,
    @CurrentUser() by: SignedIn,
    @Origin() origin: RequestOrigin,
  ): Promise<void> {
    await this.accounts.changePassword(actorOf(by, origin), body);
  }
}
