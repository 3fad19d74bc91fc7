import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../common/errors.js';
import type { StreamedRouteConfig } from './upload-types.js';

const BODY_TIMEOUT_MS = 10_000;

/** A body that did not arrive in time. */
export class BodyTimeout extends DomainError {
  constructor() {
    super('timeout', 'request-timeout', 'The request took too long to arrive.');
  }
}

/**
 * Gives a small body ten seconds to arrive, so that slow senders cannot collect connections. Uploads have an idle limit
 * of their own and no limit on the whole.
 */
export async function limitBodyTime(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if ((request.routeOptions.config as StreamedRouteConfig).streamsBody === true) return;
  const { raw } = request;
  if (raw.readableEnded || !hasBody(request)) return;
  const timer = setTimeout(() => {
    void reply.header('connection', 'close');
    void reply.send(new BodyTimeout());
  }, BODY_TIMEOUT_MS);
  raw.once('end', () => clearTimeout(timer));
  raw.once('close', () => clearTimeout(timer));
}

function hasBody(request: FastifyRequest): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}
