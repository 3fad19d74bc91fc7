import type { FastifyRequest } from 'fastify';
import { InvalidVisitorId } from '../sessions.errors.js';

export const VISITOR_HEADER = 'x-session-id';

/** Version 4 alone: it is random, while versions 1 and 7 tell when, and partly where, they were made. */
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The id that a visitor made, in lower case; null when the request carries none. **Errors**: `InvalidVisitorId`. */
export function visitorIdOf(request: Pick<FastifyRequest, 'headers'>): string | null {
  const text = request.headers[VISITOR_HEADER];
  if (text === undefined) return null;
  if (typeof text !== 'string' || !UUID_V4.test(text)) throw new InvalidVisitorId();
  return text.toLowerCase();
}
