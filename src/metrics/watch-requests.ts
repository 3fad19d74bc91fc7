import type { FastifyInstance, FastifyReply, FastifyRequest, onResponseHookHandler } from 'fastify';
import type { Instruments } from './instruments.js';

/** Asked every few seconds by whoever looks after the process: they would drown what people ask. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/startupz']);

/** What no route takes, whatever its path: a stranger must not be able to make a series. */
const NO_ROUTE = 'none';

/** No page takes as long: what does may be a stream. **Units**: milliseconds. */
const LONG_MS = 5_000;

/**
 * Counts requests by route. Call it before the routes are made.
 *
 * **Why** a hook for each route: it knows its route, where a common one would have to ask each request for it.
 */
export function watchRequests(fastify: FastifyInstance, requests: Instruments['requests']): void {
  fastify.addHook('onRoute', (route) => {
    if (PROBES.has(route.url)) return;
    route.onResponse = [...[route.onResponse ?? []].flat(), hook(requests(route.url))];
  });
  const noteUnknown = hook(requests(NO_ROUTE));
  fastify.addHook('onResponse', function (request, reply, done) {
    if (request.is404) noteUnknown.call(this, request, reply, done);
    else done();
  });
}

function hook(note: ReturnType<Instruments['requests']>): onResponseHookHandler {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { elapsedTime } = reply;
    if (elapsedTime < LONG_MS || !isEventStream(reply))
      note(request.method, reply.statusCode, elapsedTime / 1_000);
    done();
  };
}

/** A stream lasts as long as its client likes, which says nothing of the service. */
function isEventStream(reply: FastifyReply): boolean {
  return String(reply.getHeader('content-type')).startsWith('text/event-stream');
}
