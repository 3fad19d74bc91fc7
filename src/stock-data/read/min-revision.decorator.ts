import { ApiHeader } from '../../common/api-docs.js';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../common/errors.js';

const NAME = 'X-Min-Revision';

/** The header is there and is no revision number. */
export class InvalidMinRevision extends DomainError {
  constructor() {
    super('invalid', 'validation-failed', 'The request does not have the expected form.', {
      errors: [{ path: NAME, message: 'must be a revision number' }],
    });
  }
}

/** Documents the header on a route. */
export function ApiMinRevision(): MethodDecorator {
  return ApiHeader({
    name: NAME,
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description:
      'The answer for now shows at least this revision: give the one that a write answered, and replicas that lag behind it are not asked. With `asOf` it says nothing.',
  });
}

/** The oldest revision that a client takes for now; undefined when it does not say. **Errors**: `InvalidMinRevision`. */
export function readMinRevision(request: FastifyRequest): number | undefined {
  const text = request.headers[NAME.toLowerCase()];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text)) throw new InvalidMinRevision();
  return Number(text);
}
