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
    const download = requests(`${route.url} text/csv`);
    route.onResponse = [...[route.onResponse ?? []].flat(), hook(requests(route.url), download)];
  });
  const noteUnknown = hook(requests(NO_ROUTE), requests(NO_ROUTE));
  fastify.addHook('onResponse', function (request, reply, done) {
    if (request.is404) noteUnknown.call(this, request, reply, done);
    else done();
  });
}

type Note = ReturnType<Instruments['requests']>;

/** **Why** downloads are apart: one takes as long as its bars are many, and would make the pages of its route look slow. */
function hook(note: Note, noteDownload: Note): onResponseHookHandler {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { elapsedTime } = reply;
    const type = String(reply.getHeader('content-type'));
    // A stream lasts as long as its client likes, which says nothing of the service.
    if (elapsedTime < LONG_MS || !type.startsWith('text/event-stream')) {
      const observe = type.startsWith('text/csv') ? noteDownload : note;
      observe(request.method, reply.statusCode, elapsedTime / 1_000);
    }
    done();
  };
}
