import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '../common/api-docs.js';
import type { FastifyRequest } from 'fastify';
import { visitorIdOf } from './credentials/visitor-id.js';

/** The id that a visitor made, as a parameter of a public route that signs in; null when there is none. **Errors**: `InvalidVisitorId`. */
export const VisitorId = createParamDecorator((_: unknown, context: ExecutionContext): string | null => {
  return visitorIdOf(context.switchToHttp().getRequest<FastifyRequest>());
});

/** Documents that a route takes over what a visitor had. */
export const ApiVisitorId = (): MethodDecorator =>
  ApiHeader({
    name: 'X-Session-Id',
    required: false,
    description: 'The id of a visitor, a UUID of version 4. What they had becomes the account’s.',
    schema: { type: 'string', format: 'uuid' },
  });
