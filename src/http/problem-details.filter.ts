import {
  Catch,
  HttpException,
  Logger,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../common/errors.js';
import { translateDriverError } from '../database/driver-errors.js';
import type { AllowedMethods } from './allowed-methods.js';
import { domainProblem, problem, type ProblemDetails } from './problem-details.js';

/** What the framework refuses by itself, in our codes. */
const FRAMEWORK_CODES: Record<number, { code: string; detail: string }> = {
  400: { code: 'malformed-request', detail: 'The request could not be read.' },
  401: { code: 'unauthenticated', detail: 'This needs a valid session.' },
  403: { code: 'forbidden', detail: 'This is not allowed.' },
  404: { code: 'route-not-found', detail: 'There is nothing at this address.' },
  408: { code: 'request-timeout', detail: 'The request took too long to arrive.' },
  413: { code: 'body-too-large', detail: 'The body is larger than this route takes.' },
  414: { code: 'uri-too-long', detail: 'The address is too long.' },
  415: { code: 'unsupported-media-type', detail: 'This route does not take this media type.' },
  503: { code: 'unavailable', detail: 'The service cannot answer right now.' },
};

/** For a 503 that does not say itself when to come back. */
const RETRY_AFTER_SECONDS = 2;

const MALFORMED_JSON = { code: 'malformed-json', detail: 'The body is not valid JSON.' };

/**
 * Turns every error into RFC 9457 problem details. What nobody threw on purpose is logged whole and answered as a bare
 * 500: no message, no SQL, no stack.
 */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger('HTTP');

  constructor(private readonly allowedMethods: AllowedMethods) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) {
      // A download that broke half-way: cutting the connection is the only honest sign left.
      this.logger.warn({ msg: 'answer broke off', requestId: request.id, err: error });
      reply.raw.destroy();
      return;
    }
    const known = error instanceof DomainError ? error : translateDriverError(error);
    const document =
      known === null ? this.frameworkProblem(error, request, reply) : domainProblem(known, request.id);
    const retryAfter =
      known?.extra.retryAfterSeconds ?? (document.status === 503 ? RETRY_AFTER_SECONDS : undefined);
    if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
    // A 401 has to say how one could authenticate (RFC 9110, 15.5.2); for cookies there is no word.
    if (document.status === 401) void reply.header('www-authenticate', 'Bearer');
    if (known?.kind === 'unavailable')
      this.logger.warn({ msg: known.message, requestId: request.id, err: known.extra.cause });
    void reply.code(document.status).type('application/problem+json').send(JSON.stringify(document));
  }

  private frameworkProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): ProblemDetails {
    const status = statusOf(error);
    if (status === 404 && error instanceof NotFoundException) {
      const allowed = this.allowedMethods.of(request.url);
      if (allowed.length > 0) {
        void reply.header('allow', allowed.join(', '));
        const detail = `This address takes ${allowed.join(', ')}.`;
        return problem({ status: 405, code: 'method-not-allowed', detail, instance: request.id });
      }
    }
    const known = isJsonError(status, error) ? MALFORMED_JSON : FRAMEWORK_CODES[status];
    if (known !== undefined) return problem({ status, ...known, instance: request.id });
    this.logger.error({ msg: 'unexpected error', requestId: request.id, err: error });
    const detail = 'Something went wrong on our side. The request id finds it in the logs.';
    return problem({ status: 500, code: 'internal-error', detail, instance: request.id });
  }
}

/** Fastify's refusals of a JSON body reach us with their message only. */
function isJsonError(status: number, error: unknown): boolean {
  return status === 400 && error instanceof Error && /json/i.test(error.message);
}

/** The status that Nest or Fastify gave an error; 500 for any other. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
