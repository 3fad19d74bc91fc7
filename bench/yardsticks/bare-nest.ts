import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

/** A Nest application that does nothing, to see how long the framework alone takes to start. */
@Controller()
class ReadyController {
  @Get('readyz')
  ready(): { status: string } {
    return { status: 'ok' };
  }
}

@Module({ controllers: [ReadyController] })
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: ['error'],
});
await app.listen(Number(process.env.PORT), '127.0.0.1');
