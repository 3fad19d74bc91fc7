import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { visitorIdOf } from './credentials/visitor-id.js';

/** The id that a visitor made, as a parameter of a public route that signs in; null when there is none. **Errors**: `InvalidVisitorId`. */
export const VisitorId = createParamDecorator((_: unknown, context: ExecutionContext): string | null => {
  return visitorIdOf(context.switchToHttp().getRequest<FastifyRequest>());
});
