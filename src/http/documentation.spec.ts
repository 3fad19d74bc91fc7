import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AllowedMethods } from './allowed-methods.js';
import { serveDocumentation } from './documentation.js';
import type { DocumentationHandlers } from './openapi.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';

@Module({})
class NoModule {}

const handlers: DocumentationHandlers = new Map([['/openapi.json', (_request, reply) => reply.send('made')]]);

describe('the documentation', () => {
  const make = jest.fn<() => Promise<DocumentationHandlers>>();
  let app: NestFastifyApplication;

  beforeEach(async () => {
    make.mockReset().mockResolvedValue(handlers);
    app = await NestFactory.create<NestFastifyApplication>(NoModule, new FastifyAdapter(), { logger: false });
    app.useGlobalFilters(new ProblemDetailsFilter(new AllowedMethods()));
    await serveDocumentation(app, make);
    await app.init();
  });
  afterEach(() => app.close());

  it('is made by the first request, and once for those that come together', async () => {
    expect(make).not.toHaveBeenCalled();
    const answers = await Promise.all([app.inject('/openapi.json'), app.inject('/openapi.json')]);
    expect(answers.map(({ body }) => body)).toEqual(['made', 'made']);
    expect((await app.inject('/openapi.json')).body).toBe('made');
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('that cannot be made is a problem of that request, and is tried again by the next', async () => {
    make.mockRejectedValueOnce(new Error('Cannot find module'));
    const failed = await Promise.all([app.inject('/openapi.json'), app.inject('/docs')]);
    for (const { statusCode, headers, body } of failed) {
      expect([statusCode, headers['content-type']]).toEqual([
        500,
        expect.stringMatching(/^application\/problem\+json/),
      ]);
      expect(body).not.toContain('Cannot find');
    }
    expect(make).toHaveBeenCalledTimes(1);
    const { statusCode, body } = await app.inject('/openapi.json');
    expect([statusCode, body]).toEqual([200, 'made']);
  });

  it('is not at an address that the library has left', async () => {
    expect((await app.inject('/docs')).statusCode).toBe(404);
  });
});
