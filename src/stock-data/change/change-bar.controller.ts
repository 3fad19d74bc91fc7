import { Body, Controller, Delete, Headers, Param, Put, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../common/api-docs.js';
import { RouteConfig } from '@nestjs/platform-fastify/decorators/index.js';
import type { FastifyReply } from 'fastify';
import { readBar } from '../../bars/read-bar.js';
import { etagOf } from '../../common/etag.js';
import { JSON_TYPE } from '../../common/json-text.js';
import { CurrentUser, Roles, type Principal } from '../../common/principal.js';
import { ApiProblems } from '../../common/problem.dto.js';
import { barTime } from '../bar-time.format.js';
import { ChangeBarService } from './change-bar.service.js';
import { barPath, changedBarResponse, type BarPath } from '../dto/bar.dto.js';
import {
  changeBarQuery,
  correctBarRequest,
  type ChangeBarQuery,
  type CorrectBarRequest,
} from '../dto/change-bar.dto.js';
import { BarRefused } from '../stock-data.errors.js';
import type { BarChange, ChangedBarText } from '../stock-data.types.js';

/** Corrections and withdrawals of single bars over HTTP. */
@ApiTags('stock data')
@Roles('ADMIN', 'SUPER_ADMIN')
@Controller('v1/stocks/:symbol/data/:time')
export class ChangeBarController {
  constructor(private readonly changes: ChangeBarService) {}

  @Put()
  @RouteConfig({ exactNumbers: ['open', 'high', 'low', 'close', 'adjClose', 'volume'] })
  @ApiOperation({ summary: 'Correct one bar; earlier revisions still show the old one' })
  @ApiOkResponse({ standardSchema: changedBarResponse })
  @ApiProblems(401, 403, 404, 408, 409, 412, 413, 415, 422)
  async correctBar(
    @Param({ schema: barPath }) { symbol, time }: BarPath,
    @Query({ schema: changeBarQuery }) query: ChangeBarQuery,
    @Body({ schema: correctBarRequest }) body: CorrectBarRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentUser() user: Principal | null,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const change = changeOf({ symbol, time }, query, { user, ifMatch });
    const reading = readBar(change, body);
    if ('errors' in reading) throw new BarRefused(reading.errors);
    const message = body.message ?? change.message;
    await sendChanged(reply, await this.changes.correct({ ...change, message }, reading.values));
  }

  @Delete()
  @ApiOperation({ summary: 'Withdraw one bar; earlier revisions still show it' })
  @ApiOkResponse({ standardSchema: changedBarResponse })
  @ApiProblems(401, 403, 404, 409, 412)
  async withdrawBar(
    @Param({ schema: barPath }) { symbol, time }: BarPath,
    @Query({ schema: changeBarQuery }) query: ChangeBarQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentUser() user: Principal | null,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const change = changeOf({ symbol, time }, query, { user, ifMatch });
    await sendChanged(reply, await this.changes.withdraw(change));
  }
}

/** What address, query and headers say of a change. */
function changeOf(
  { symbol, time }: BarPath,
  query: ChangeBarQuery,
  { user, ifMatch }: { user: Principal | null; ifMatch: string | undefined },
): BarChange {
  const { branch, message = null, dryRun } = query;
  return {
    symbol,
    ...barTime(time, query.interval),
    branch,
    message,
    dryRun,
    ifMatch,
    authorId: user?.userId ?? null,
  };
}

async function sendChanged(
  reply: FastifyReply,
  { json, revision, consequences }: ChangedBarText,
): Promise<void> {
  if (revision !== null) reply.header('etag', etagOf(revision));
  const more = consequences === undefined ? '' : `,"consequences":${JSON.stringify(consequences)}`;
  await reply.type(JSON_TYPE).send(`${json.slice(0, -1)},"revision":${revision}${more}}`);
}
