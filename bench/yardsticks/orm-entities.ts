import 'reflect-metadata';
import { MikroOrmModule } from '@mikro-orm/nestjs';
import { defineEntity, EntityManager, p, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { Controller, Get, Inject, Module, NotFoundException, Param, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

/** The usual way in the same framework: entities through a unit of work of the request, turned into JSON by the framework. */
const SeriesSchema = defineEntity({
  name: 'Series',
  tableName: 'plain_series',
  properties: { id: p.integer().primary(), symbol: p.string().unique() },
});

const PlainBarSchema = defineEntity({
  name: 'PlainBar',
  tableName: 'plain_bars',
  properties: {
    seriesId: p.integer().primary().hidden(),
    date: p.date().fieldName('day').primary(),
    open: p.decimal('number').nullable(),
    high: p.decimal('number').nullable(),
    low: p.decimal('number').nullable(),
    close: p.decimal('number'),
    adjClose: p.decimal('number').nullable(),
    volume: p.bigint('number').nullable(),
  },
});

@Controller('v1/stocks/:symbol/data')
class BarsController {
  private readonly series = new Map<string, number>();

  constructor(@Inject(EntityManager) private readonly em: EntityManager) {}

  @Get()
  async latest(@Param('symbol') symbol: string, @Query('limit') limit: string): Promise<unknown> {
    const seriesId = this.series.get(symbol) ?? (await this.seriesOf(symbol));
    const data = await this.em.find(
      PlainBarSchema,
      { seriesId },
      { orderBy: { date: 'desc' }, limit: Number(limit) },
    );
    return { symbol, interval: '1d', branch: 'main', revision: 1, data, nextCursor: null };
  }

  private async seriesOf(symbol: string): Promise<number> {
    const series = await this.em.findOne(SeriesSchema, { symbol });
    if (series === null) throw new NotFoundException();
    this.series.set(symbol, series.id);
    return series.id;
  }
}

@Module({
  imports: [
    MikroOrmModule.forRoot({
      driver: PostgreSqlDriver,
      ...(JSON.parse(process.env.BENCH_CONNECTION ?? '{}') as { host: string }),
      entities: [SeriesSchema, PlainBarSchema],
      pool: { min: 0, max: 10 },
    }),
  ],
  controllers: [BarsController],
})
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: ['error'],
});
await app.listen(Number(process.env.PORT), '127.0.0.1');
