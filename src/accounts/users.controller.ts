import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '../common/etag.js';
import { nextLink, type Page } from '../common/pagination.js';
import { CurrentUser, Roles, type SignedIn } from '../common/principal.js';
import { ApiNotModified, ApiProblems } from '../common/problem.dto.js';
import { Origin, type RequestOrigin } from '../common/request-origin.js';
import { UsersService } from '../users/users.service.js';
import type { UserView } from '../users/users.types.js';
import { AccountsService } from './accounts.service.js';
import type { ListedUser } from './accounts.types.js';
import { actorOf } from './acting/actor.js';
import {
  removeUserQuery,
  updateUserRequest,
  type RemoveUserQuery,
  type UpdateUserRequest,
} from './dto/change-user.dto.js';
import { listUsersQuery, listUsersResponse, type ListUsersQuery } from './dto/list-users.dto.js';
import { userPath, userResponse, type UserPath } from './dto/user.dto.js';

const FOR_ADMINISTRATORS =
  'For an ADMIN; the role is asked for before anything is looked up. For oneself there is `/v1/users/me`.';

/** People over HTTP, for administrators. */
@ApiTags('users')
@Controller('v1/users')
@Roles('ADMIN', 'SUPER_ADMIN')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly accounts: AccountsService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List people in the order in which they came' })
  @ApiOkResponse({ standardSchema: listUsersResponse })
  @ApiProblems(401, 403)
  async listUsers(
    @CurrentUser() user: SignedIn,
    @Query({ schema: listUsersQuery }) query: ListUsersQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<ListedUser>> {
    const { active, role, q, include, limit, cursor } = query;
    const page = await this.accounts.list(
      {
        active: active === undefined ? null : active === 'true',
        role: role ?? null,
        q: q ?? null,
        limit,
        cursor,
      },
      include === undefined ? null : { currentId: user.sessionId },
    );
    const link = nextLink(request.url, page.nextCursor);
    if (link !== null) reply.header('link', link);
    return page;
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read one person, active or not', description: FOR_ADMINISTRATORS })
  @ApiOkResponse({ standardSchema: userResponse })
  @ApiNotModified()
  @ApiProblems(401, 403, 404)
  async getUser(
    @Param({ schema: userPath }) { id }: UserPath,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView | undefined> {
    const { user, etag } = await this.users.get(id);
    return isUnchanged(reply, etag, ifNoneMatch) ? undefined : user;
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change one person',
    description: `${FOR_ADMINISTRATORS} An ADMIN changes people below, a SUPER_ADMIN everybody; the last active SUPER_ADMIN stays one.`,
  })
  @ApiOkResponse({ standardSchema: userResponse })
  @ApiProblems(401, 403, 404, 408, 409, 412, 413, 415, 422)
  async updateUser(
    @Param({ schema: userPath }) { id }: UserPath,
    @Body({ schema: updateUserRequest }) body: UpdateUserRequest,
    @CurrentUser() by: SignedIn,
    @Origin() origin: RequestOrigin,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView> {
    const change = { actor: actorOf(by, origin), targetId: id, ifMatch };
    const { user, etag } = await this.accounts.update(change, body);
    reply.header('etag', etag);
    return user;
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Deactivate one person and end their sessions, or erase them',
    description: FOR_ADMINISTRATORS,
  })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404, 412, 422)
  async removeUser(
    @Param({ schema: userPath }) { id }: UserPath,
    @Query({ schema: removeUserQuery }) query: RemoveUserQuery,
    @CurrentUser() by: SignedIn,
    @Origin() origin: RequestOrigin,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    const change = { actor: actorOf(by, origin), targetId: id, ifMatch };
    if (query.erase !== 'true') {
      await this.accounts.deactivate(change);
      return;
    }
    await this.accounts.erase(change);
  }

  @Delete(':id/sessions')
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign one person out everywhere', description: FOR_ADMINISTRATORS })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404)
  async endSessions(
    @Param({ schema: userPath }) { id }: UserPath,
    @CurrentUser() by: SignedIn,
    @Origin() origin: RequestOrigin,
  ): Promise<void> {
    await this.accounts.endSessions(actorOf(by, origin), id);
  }
}
