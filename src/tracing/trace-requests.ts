import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Asked every few seconds, and nobody wants to see how it went. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/startupz']);

interface TracedRequest {
  readonly span: Span;
  readonly context: Context;
}

/**
 * Makes a span of each request, below that of the caller if it sent one, and lets the statements of the request be made below it.
 *
 * **Why** route, method and status alone: paths and queries hold what somebody looked for, headers hold who they are.
 */
export function traceRequests(fastify: FastifyInstance, tracer: Tracer): void {
  const traced = new WeakMap<FastifyRequest, TracedRequest>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, protocol, id } = request;
    const route = request.is404 ? undefined : request.routeOptions.url;
    if (route !== undefined && PROBES.has(route)) return done();
    const parent = propagation.extract(context.active(), request.headers);
    const attributes = {
      'http.request.method': method,
      'url.scheme': protocol,
      // Finds the lines of the log.
      'stockroom.request_id': id,
      ...(route === undefined ? {} : { 'http.route': route }),
    };
    const name = route === undefined ? method : `${method} ${route}`;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    const inside = trace.setSpan(parent, span);
    traced.set(request, { span, context: inside });
    context.with(inside, done);
  });
  // A body is read from the socket, where nothing is known of the request any more.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const { context: inside } = traced.get(request) ?? {};
    if (inside === undefined) done();
    else context.with(inside, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { span } = traced.get(request) ?? {};
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}
