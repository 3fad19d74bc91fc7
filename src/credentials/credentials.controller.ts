import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
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
import { CurrentUser, SignedInOnly, type SignedIn } from '../common/principal.js';
import { ApiNotModified, ApiProblems } from '../common/problem.dto.js';
import { Origin, type RequestOrigin } from '../common/request-origin.js';
import { CredentialsService } from './credentials.service.js';
import type { CredentialView, RevealedCredential } from './credentials.types.js';
import {
  credentialListResponse,
  credentialPath,
  credentialResponse,
  listCredentialsQuery,
  revealedCredentialResponse,
  type CredentialPath,
  type ListCredentialsQuery,
} from './dto/credential.dto.js';
import { storeCredentialRequest, type StoreCredentialRequest } from './dto/store-credential.dto.js';

/** One's own secrets for outside services, over HTTP. */
@ApiTags('credentials')
@Controller('v1/users/me/credentials')
@SignedInOnly()
export class CredentialsController {
  constructor(private readonly credentials: CredentialsService) {}

  @Get()
  @ApiOperation({ summary: 'List what is stored for outside services, masked' })
  @ApiOkResponse({ standardSchema: credentialListResponse })
  @ApiProblems(401, 403)
  async listCredentials(
    @CurrentUser() user: SignedIn,
    @Query({ schema: listCredentialsQuery }) query: ListCredentialsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<CredentialView>> {
    const page = await this.credentials.list(user, { limit: query.limit, cursor: query.cursor });
    const link = nextLink(request.url, page.nextCursor);
    if (link !== null) reply.header('link', link);
    return page;
  }

  @Get(':provider')
  @ApiOperation({ summary: 'Read what is stored for one service, masked' })
  @ApiOkResponse({ standardSchema: credentialResponse })
  @ApiNotModified()
  @ApiProblems(401, 403, 404)
  async getCredential(
    @CurrentUser() user: SignedIn,
    @Param({ schema: credentialPath }) { provider }: CredentialPath,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CredentialView | undefined> {
    const { credential, etag } = await this.credentials.get(user, provider);
    return isUnchanged(reply, etag, ifNoneMatch) ? undefined : credential;
  }

  @Put(':provider')
  @ApiOperation({ summary: 'Store a secret for a service, in place of the one before; encrypted' })
  @ApiOkResponse({ standardSchema: credentialResponse, description: 'Replaced' })
  @ApiCreatedResponse({ standardSchema: credentialResponse, description: 'The first one for this service' })
  @ApiProblems(401, 403, 408, 409, 412, 413, 415)
  async storeCredential(
    @CurrentUser() user: SignedIn,
    @Origin() origin: RequestOrigin,
    @Param({ schema: credentialPath }) { provider }: CredentialPath,
    @Body({ schema: storeCredentialRequest }) content: StoreCredentialRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CredentialView> {
    const stored = await this.credentials.store({ user, origin }, { provider, content, ifMatch });
    reply.status(stored.created ? 201 : 200).header('etag', stored.etag);
    if (stored.created) reply.header('location', `/v1/users/me/credentials/${provider}`);
    return stored.credential;
  }

  @Delete(':provider')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove what is stored for a service' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404, 412)
  async deleteCredential(
    @CurrentUser() user: SignedIn,
    @Origin() origin: RequestOrigin,
    @Param({ schema: credentialPath }) { provider }: CredentialPath,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.credentials.remove({ user, origin }, provider, ifMatch);
  }

  @Post(':provider/reveal')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Read a secret in clear',
    description: 'Only within five minutes of a sign-in. Every call is written to the audit log.',
  })
  @ApiOkResponse({ standardSchema: revealedCredentialResponse })
  @ApiProblems(401, 403, 404, 422)
  async revealCredential(
    @CurrentUser() user: SignedIn,
    @Origin() origin: RequestOrigin,
    @Param({ schema: credentialPath }) { provider }: CredentialPath,
  ): Promise<RevealedCredential> {
    return this.credentials.reveal({ user, origin }, provider);
  }
}
