import type { FastifyInstance } from 'fastify';

/** The media type under which an upload of JSON reaches its route unparsed. Never on the wire. */
export const JSON_STREAM = 'application/x-stockroom-json-stream';

/** Bodies that a route reads as a stream, because they may be larger than memory. */
const STREAMED_TYPES = ['text/csv', 'application/x-ndjson', JSON_STREAM];

/** A media type that no route takes: what is renamed to it is answered with 415. */
const NOT_ACCEPTED = 'application/x-not-accepted-here';

/** Marks a route, in its Fastify config, as one that reads its body as a stream. */
export interface StreamedRouteConfig {
  readonly streamsBody?: boolean;
}

/**
 * Lets uploads through unread. Fastify chooses a parser by media type alone, so JSON that goes to a streaming route is
 * renamed before a parser is chosen; for every other route JSON stays parsed and limited, and CSV is a 415.
 */
export function acceptUploads(fastify: FastifyInstance): void {
  // Nobody here takes plain text.
  fastify.removeContentTypeParser('text/plain');
  for (const type of STREAMED_TYPES) {
    fastify.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
  fastify.addHook('onRequest', async (request) => {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    const streams = (request.routeOptions.config as StreamedRouteConfig).streamsBody === true;
    if (streams && type === 'application/json') request.headers['content-type'] = JSON_STREAM;
    if (type === JSON_STREAM || (!streams && type !== undefined && STREAMED_TYPES.includes(type))) {
      // An unknown type is a 415 by itself; these are known, but not here.
      request.headers['content-type'] = NOT_ACCEPTED;
    }
  });
}
