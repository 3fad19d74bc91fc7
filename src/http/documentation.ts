import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DocumentationHandlers } from './openapi.js';

const PATHS = [
  '/openapi.json',
  '/docs',
  '/docs/',
  '/docs/index.html',
  '/docs/LICENSE',
  '/docs/swagger-ui-init.js',
];

// The page is Swagger UI with its own files, so it works without a network. It sets styles on elements.
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/**
 * Serves the OpenAPI document at `/openapi.json` and a page to browse it at `/docs`.
 *
 * **Shape**: `make` is called by the first request, and again by the next one after it failed.
 *
 * **Why** not at the start: the library that makes both loads 520 files, a seventh of the processor time of a start and 9 MB, and most
 * services are never asked. Fastify takes no routes once it listens, so the routes are here from the start.
 */
export async function serveDocumentation(
  app: NestFastifyApplication,
  make = async () => (await import('./openapi.js')).documentationHandlers(app),
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.url === '/docs' || request.url.startsWith('/docs/')) {
      reply.header('content-security-policy', DOCS_POLICY);
      // Made by the library, with addresses that are right one folder above only.
      if (request.url === '/docs/index.html') return reply.redirect('/docs');
    }
  });
  let made: Promise<DocumentationHandlers> | undefined;
  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    const handle = (await made).get(request.routeOptions.url ?? '');
    if (handle === undefined) reply.callNotFound();
    else await handle(request, reply);
    return reply;
  }
  // Nest sets its handler of errors later, and a route keeps the one that there was.
  const errorHandler: typeof fastify.errorHandler = (...failure) => fastify.errorHandler(...failure);
  for (const path of PATHS) fastify.get(path, { errorHandler }, answer);
  await app.register(fastifyStatic, { root: pageFiles(), prefix: '/docs', decorateReply: false });
}

/** The folder of what the page is made of, as the library that makes the page has it; the library is not loaded. */
function pageFiles(): string {
  const library = createRequire(import.meta.url).resolve('@nestjs/swagger');
  return dirname(createRequire(library).resolve('swagger-ui-dist/package.json'));
}
