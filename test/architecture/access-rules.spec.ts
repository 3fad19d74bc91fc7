import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, type Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { appWithoutDatabase } from '../../scripts/openapi.js';
import { AnySession, Public, Roles } from '../../src/common/principal.js';
import { AccessCheck } from '../../src/sessions/access/access-check.service.js';
import { routesWithoutRule } from '../../src/sessions/access/routes-without-rule.js';

@Controller('forgotten')
class Forgetful {
  @Get()
  @AnySession()
  marked(): string {
    return '';
  }

  @Post('open')
  unmarked(): string {
    return this.helper();
  }

  helper(): string {
    return '';
  }
}

@Controller('inherited')
@Roles('ADMIN')
class Marked {
  @Get()
  byItsClass(): string {
    return '';
  }

  @Get('open')
  @Public()
  byItself(): string {
    return '';
  }
}

describe('the access rules', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    app = await appWithoutDatabase();
  });
  afterAll(() => app.close());

  it('are there for every route of every controller', () => {
    const controllers = app
      .get(DiscoveryService, { strict: false })
      .getControllers()
      .map(({ metatype }) => metatype as Type);
    expect(controllers.length).toBeGreaterThan(5);
    expect(routesWithoutRule(controllers)).toEqual([]);
  });

  it('are missed where a route has none, and taken from its class', () => {
    expect(routesWithoutRule([Forgetful, Marked])).toEqual(['Forgetful.unmarked (POST)']);
  });

  it('keep an application from starting that lacks one', async () => {
    @Module({ imports: [DiscoveryModule], controllers: [Forgetful], providers: [AccessCheck] })
    class Broken {}
    const starting = async (): Promise<void> => {
      const broken = await NestFactory.create(Broken, new FastifyAdapter(), {
        logger: false,
        abortOnError: false,
      });
      await broken.init();
    };
    await expect(starting()).rejects.toThrow(/Forgetful\.unmarked \(POST\).*Add @Public/);
  });
});
