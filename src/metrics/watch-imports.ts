import type { FastifyInstance, FastifyRequest, onResponseHookHandler } from 'fastify';

/** Marks a route that takes files, in its Fastify config. */
interface UploadRouteConfig {
  readonly streamsBody?: boolean;
}

/** Of who was never let in: a stranger must not be able to raise an alarm, nor somebody who asks too much. */
const NOT_LET_IN: ReadonlySet<number> = new Set([401, 403, 429]);

/**
 * Counts imports that were answered with an error, each once, dry runs left out. Call it before the routes are made.
 *
 * **Why** at the answer and not where imports run: an unknown stock, a type that no route takes, a broken archive or a queue that is
 * full end an import long before.
 */
export function watchImports(fastify: FastifyInstance, noteFailed: () => void): void {
  const note: onResponseHookHandler = (request, { statusCode }, done) => {
    if (statusCode >= 400 && !NOT_LET_IN.has(statusCode) && !isDryRun(request)) noteFailed();
    done();
  };
  fastify.addHook('onRoute', (route) => {
    const config: UploadRouteConfig | undefined = route.config;
    if (config?.streamsBody !== true) return;
    route.onResponse = [...[route.onResponse ?? []].flat(), note];
  });
}

function isDryRun({ query }: FastifyRequest): boolean {
  return (query as { readonly dryRun?: unknown } | undefined)?.dryRun === 'true';
}
