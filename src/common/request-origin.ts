import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

const MAX_USER_AGENT_LENGTH = 512;

/** Where a request comes from. */
export interface RequestOrigin {
  /** The client's address; a proxy's word for it counts only if the proxy is configured. */
  readonly address: string;
  /** Cut to 512 characters. */
  readonly userAgent: string | null;
  readonly requestId: string;
}

/** The origin of a request. */
export function originOf(request: FastifyRequest): RequestOrigin {
  return {
    address: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
    requestId: request.id,
  };
}

/** The origin of the request, as a parameter of a route. */
export const Origin = createParamDecorator((_: unknown, context: ExecutionContext): RequestOrigin => {
  return originOf(context.switchToHttp().getRequest<FastifyRequest>());
});
