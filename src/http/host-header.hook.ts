import type { FastifyRequest } from 'fastify';
import { DomainError } from '../common/errors.js';

/** A request of HTTP/1.1 that does not say which host it is for. */
export class HostMissing extends DomainError {
  constructor() {
    super('invalid', 'malformed-request', 'A request of HTTP/1.1 needs a Host header.');
  }
}

/**
 * Refuses what RFC 9112, 3.2, forbids. **Why** not left to Node: its answer has neither a body nor any of the headers that every
 * other answer has. **Errors**: `HostMissing`.
 */
export async function requireHost(request: FastifyRequest): Promise<void> {
  if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) throw new HostMissing();
}
