import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
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
import { JSON_TYPE, listText } from '../common/json-text.js';
import { nextLink } from '../common/pagination.js';
import { AnySession, Roles } from '../common/principal.js';
import { ApiNotModified, ApiProblems } from '../common/problem.dto.js';
import { listStocksQuery, listStocksResponse, type ListStocksQuery } from './dto/list-stocks.dto.js';
import { symbolPath, type SymbolPath } from '../bars/symbol.dto.js';
import { stockResponse } from './dto/stock.dto.js';
import {
  createStockRequest,
  updateStockRequest,
  type CreateStockRequest,
  type UpdateStockRequest,
} from './dto/write-stock.dto.js';
import { StocksService } from './stocks.service.js';
import type { StockView } from './stocks.types.js';

/** Tracked stocks over HTTP. */
@ApiTags('stocks')
@Controller('v1/stocks')
export class StocksController {
  constructor(private readonly stocks: StocksService) {}

  @Post()
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiOperation({ summary: 'Start tracking a stock' })
  @ApiCreatedResponse({ standardSchema: stockResponse })
  @ApiProblems(401, 403, 408, 409, 413, 415)
  async createStock(
    @Body({ schema: createStockRequest }) body: CreateStockRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StockView> {
    const { stock, etag } = await this.stocks.create(body);
    reply.headers({ etag, location: `/v1/stocks/${encodeURIComponent(stock.symbol)}` });
    return stock;
  }

  @Get()
  @AnySession()
  @ApiOperation({ summary: 'List tracked stocks by symbol' })
  @ApiOkResponse({ standardSchema: listStocksResponse })
  @ApiProblems(401)
  async listStocks(
    @Query({ schema: listStocksQuery }) query: ListStocksQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { data, nextCursor } = await this.stocks.list({
      active: query.active === undefined ? null : query.active === 'true',
      q: query.q ?? null,
      limit: query.limit,
      cursor: query.cursor,
    });
    const link = nextLink(request.url, nextCursor);
    if (link !== null) reply.header('link', link);
    await reply.type(JSON_TYPE).send(listText(data, nextCursor));
  }

  @Get(':symbol')
  @AnySession()
  @ApiOperation({ summary: 'Read one stock, active or not' })
  @ApiOkResponse({ standardSchema: stockResponse })
  @ApiNotModified()
  @ApiProblems(401, 404)
  async getStock(
    @Param({ schema: symbolPath }) { symbol }: SymbolPath,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StockView | undefined> {
    const { stock, etag } = await this.stocks.get(symbol);
    return isUnchanged(reply, etag, ifNoneMatch) ? undefined : stock;
  }

  @Patch(':symbol')
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiOperation({ summary: 'Change what is said of a stock' })
  @ApiOkResponse({ standardSchema: stockResponse })
  @ApiProblems(401, 403, 404, 408, 412, 413, 415)
  async updateStock(
    @Param({ schema: symbolPath }) { symbol }: SymbolPath,
    @Body({ schema: updateStockRequest }) body: UpdateStockRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StockView> {
    const { stock, etag } = await this.stocks.update(symbol, body, ifMatch);
    reply.header('etag', etag);
    return stock;
  }

  @Delete(':symbol')
  @HttpCode(204)
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiOperation({ summary: 'Stop tracking a stock; its bars stay readable' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404, 412)
  async deleteStock(
    @Param({ schema: symbolPath }) { symbol }: SymbolPath,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.stocks.remove(symbol, ifMatch);
  }
}
