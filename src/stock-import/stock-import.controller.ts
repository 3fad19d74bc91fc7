import { Controller, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '../common/api-docs.js';
import { RouteConfig } from '@nestjs/platform-fastify/decorators/index.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { symbolPath, type SymbolPath } from '../bars/symbol.dto.js';
import { CurrentUser, Roles, type Principal } from '../common/principal.js';
import { ApiProblems } from '../common/problem.dto.js';
import {
  importManyQuery,
  importQuery,
  importResponse,
  type ImportManyQuery,
  type ImportQuery,
} from './dto/import.dto.js';
import { UnsupportedEncoding, UnsupportedUpload } from './stock-import.errors.js';
import type { FileFormat, ImportReport } from './stock-import.types.js';
import { UploadImportService, type Upload } from './upload-import.service.js';

/** Formats by the media type under which the upload reaches the route. */
const FORMATS: Readonly<Record<string, FileFormat>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/x-stockroom-json-stream': 'json',
};

const STREAMED = { streamsBody: true };
const CONSUMED = ['text/csv', 'application/json', 'application/x-ndjson'];
const FILE = { schema: { type: 'string', format: 'binary' } } as const;

/** Whole files of bars over HTTP. */
@ApiTags('stock data')
@Roles('ADMIN', 'SUPER_ADMIN')
@Controller('v1')
export class StockImportController {
  constructor(private readonly uploads: UploadImportService) {}

  @Post('stocks/:symbol/data')
  @HttpCode(200)
  @RouteConfig(STREAMED)
  @ApiOperation({ summary: 'Import a file of bars of one stock, as one revision' })
  @ApiConsumes(...CONSUMED)
  @ApiBody(FILE)
  @ApiOkResponse({ standardSchema: importResponse })
  @ApiProblems(401, 403, 404, 408, 409, 413, 415, 422)
  async importStockData(
    @Param({ schema: symbolPath }) { symbol }: SymbolPath,
    @Query({ schema: importQuery }) query: ImportQuery,
    @CurrentUser() user: Principal | null,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportReport> {
    return this.receive({ ...query, symbol, track: false }, { user, request, reply });
  }

  @Post('stock-data')
  @HttpCode(200)
  @RouteConfig(STREAMED)
  @ApiOperation({ summary: 'Import a file of bars of many stocks, as one revision' })
  @ApiConsumes(...CONSUMED)
  @ApiBody(FILE)
  @ApiOkResponse({ standardSchema: importResponse })
  @ApiProblems(401, 403, 404, 408, 409, 413, 415, 422)
  async importManyStocks(
    @Query({ schema: importManyQuery }) query: ImportManyQuery,
    @CurrentUser() user: Principal | null,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportReport> {
    return this.receive({ ...query, symbol: null }, { user, request, reply });
  }

  private async receive(
    query: ImportManyQuery & { readonly symbol: string | null },
    { user, request, reply }: { user: Principal | null; request: FastifyRequest; reply: FastifyReply },
  ): Promise<ImportReport> {
    const { message = null, dateFormat, ...rest } = query;
    const upload: Upload = {
      body: uploadBody(request),
      encoding: encodingOf(request),
      request: {
        ...rest,
        message,
        dateFormat,
        format: formatOf(request),
        source: 'http',
        authorId: user?.userId ?? null,
      },
    };
    try {
      return await this.uploads.import(upload);
    } finally {
      // An answer before the end of the upload leaves bytes on the wire that are not the next request.
      if (!request.raw.readableEnded) reply.header('connection', 'close');
    }
  }
}

function uploadBody(request: FastifyRequest): Readable {
  // Without a content type there is no body parser, and without a body there is nothing to import.
  if (request.body === undefined || request.body === null) throw new UnsupportedUpload();
  return request.body as Readable;
}

function formatOf(request: FastifyRequest): FileFormat {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const format = FORMATS[type];
  if (format === undefined) throw new UnsupportedUpload();
  return format;
}

function encodingOf(request: FastifyRequest): 'gzip' | 'identity' {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip';
  if (encoding === 'identity' || encoding === '') return 'identity';
  throw new UnsupportedEncoding(encoding);
}
