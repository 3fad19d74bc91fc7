import { Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '../../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { barResponse } from '../../bars/bar.dto.js';
import { symbolPath, type SymbolPath } from '../../bars/symbol.dto.js';
import { etagOf, isUnchanged } from '../../common/etag.js';
import { JSON_TYPE } from '../../common/json-text.js';
import { InvalidCursor, nextLink } from '../../common/pagination.js';
import { AnySession } from '../../common/principal.js';
import { ApiNotModified, ApiProblems } from '../../common/problem.dto.js';
import { AggregateBarsService, type AggregateDownload } from '../aggregate/aggregate-bars.service.js';
import { barTime, rangeBounds } from '../bar-time.format.js';
import { barPageResponse, barPath, barVersionsResponse, type BarPath } from '../dto/bar.dto.js';
import { ApiMinRevision, readMinRevision } from './min-revision.decorator.js';
import {
  barVersionsQuery,
  oneBarQuery,
  readBarsQuery,
  type BarVersionsQuery,
  type OneBarQuery,
  type ReadBarsQuery,
} from '../dto/read-bars.dto.js';
import { ReadBarsService } from './read-bars.service.js';

/** Bars over HTTP: pages, downloads, one bar and its versions. */
@ApiTags('stock data')
@AnySession()
@Controller('v1/stocks/:symbol/data')
export class StockDataController {
  constructor(
    private readonly bars: ReadBarsService,
    private readonly lists: AggregateBarsService,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Read bars, now or as of a revision; with Accept: text/csv, all of them as a file',
  })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ standardSchema: barPageResponse })
  @ApiMinRevision()
  @ApiProblems(401, 404)
  async readBars(
    @Param({ schema: symbolPath }) { symbol }: SymbolPath,
    @Query({ schema: readBarsQuery }) query: ReadBarsQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { interval, branch, asOf, order } = query;
    const { source } = query;
    const bounds = rangeBounds(query.from, query.to);
    const minRevision = readMinRevision(request);
    const range = { symbol, interval, source, branch, asOf, minRevision, order, ...bounds };
    reply.header('vary', 'Accept');
    if (wantsCsv(request.headers.accept)) {
      // A download has no pages: going on from one would send its rows twice.
      if (query.cursor !== undefined) throw new InvalidCursor();
      await sendCsv(reply, await this.lists.csv(range), `${symbol}-${interval}.csv`);
      return;
    }
    const { body, nextCursor } = await this.lists.page(range, query.limit, query.cursor);
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(body);
  }

  @Get(':time')
  @ApiOperation({ summary: 'Read one bar' })
  @ApiOkResponse({ standardSchema: barResponse })
  @ApiMinRevision()
  @ApiNotModified()
  @ApiProblems(401, 404)
  async readBar(
    @Param({ schema: barPath }) { symbol, time }: BarPath,
    @Query({ schema: oneBarQuery }) query: OneBarQuery,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { interval, ts } = barTime(time, query.interval);
    const { json, revision } = await this.bars.one(
      { symbol, interval, branch: query.branch, asOf: query.asOf, minRevision: readMinRevision(request) },
      ts,
    );
    if (isUnchanged(reply, etagOf(revision), ifNoneMatch)) await reply.send();
    else await reply.type(JSON_TYPE).send(json);
  }

  @Get(':time/versions')
  @ApiOperation({ summary: 'Read the versions of one bar, newest first' })
  @ApiOkResponse({ standardSchema: barVersionsResponse })
  @ApiMinRevision()
  @ApiProblems(401, 404)
  async readBarVersions(
    @Param({ schema: barPath }) { symbol, time }: BarPath,
    @Query({ schema: barVersionsQuery }) query: BarVersionsQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { interval, ts } = barTime(time, query.interval);
    const { branch, asOf, limit, cursor } = query;
    const scope = { symbol, interval, branch, asOf, minRevision: readMinRevision(request) };
    const { body, nextCursor } = await this.bars.versions(scope, { ts, limit, cursor });
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(body);
  }
}

/** True when CSV is named and not liked less than JSON (RFC 9110, 12.5.1); of two liked alike, the first one counts. */
function wantsCsv(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map((part, place) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    return { type, quality: q === undefined ? 1 : Number(q.slice(2)), place };
  });
  const csv = ranges.find(({ type }) => type === 'text/csv');
  const json = ranges.find(({ type }) => ['application/json', 'application/*', '*/*'].includes(type));
  if (csv === undefined || !(csv.quality > 0)) return false;
  if (json === undefined || csv.quality !== json.quality) return csv.quality > (json?.quality ?? 0);
  return csv.place < json.place;
}

/** What breaks from here on can only cut the connection: the errors of a request came before. */
async function sendCsv(
  reply: FastifyReply,
  { revision, computedFrom, chunks }: AggregateDownload,
  fileName: string,
): Promise<void> {
  reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .header('x-revision', revision);
  if (computedFrom !== undefined) reply.header('x-computed-from', computedFrom);
  await reply.send(Readable.from(chunks));
}
