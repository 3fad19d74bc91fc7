import { Logger } from '@nestjs/common';
import { diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { defaultResource, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { FastifyInstance } from 'fastify';
import { scrubLiterals } from '../database/scrub-literals.js';
import { traceRequests } from './trace-requests.js';
import { traceStatements } from './trace-statements.js';
import { traceTrouble } from './trace-trouble.js';

/** Traces that are being made. */
export interface Tracing {
  /** Makes a span of each request, and sends what is left when the server closes. Call it once, before the routes are made. */
  watch(fastify: FastifyInstance): void;
}

/** How traces are made. **Shape**: `showText` turns the text of a statement that has no name into what may be shown of it. */
export interface TracingOptions {
  readonly version: string;
  /** Whether the environment chose what is found out about the machine; else only what the variables say is told. */
  readonly namesDetectors: boolean;
  /** Whether the environment chose what the SDK says of itself; then it does so on its own, as text. */
  readonly namesLogLevel?: boolean;
  readonly showText?: (sql: string) => string;
}

/**
 * Makes traces of requests and of their statements, and sends them where the standard variables say: exporters, addresses, headers,
 * samplers, limits and attributes are the SDK's own business.
 *
 * **Why** spans of our own and no instrumentations: those of HTTP and of `pg` put the whole address, the user agent, messages of errors
 * and the text of statements into spans, into which the ORM writes its values. Here a span holds what is named in these few files.
 */
export function startTracing(options: TracingOptions): Tracing {
  const { version, namesDetectors, namesLogLevel = false, showText = scrubLiterals } = options;
  const ours = resourceFromAttributes({ 'service.name': 'stockroom', 'service.version': version });
  const sdk = new NodeSDK({
    // What the environment says comes later, and wins.
    resource: defaultResource().merge(ours),
    ...(namesDetectors ? {} : { resourceDetectors: [envDetector] }),
    // Without these, the SDK would send metrics and logs as well: there are others of the first, and the second hold more than traces may.
    metricReaders: [],
    logRecordProcessors: [],
  });
  if (!namesLogLevel) {
    const logger = new Logger('Tracing');
    diag.setLogger(
      traceTrouble((trouble) => logger.warn(trouble)),
      DiagLogLevel.WARN,
    );
  }
  sdk.start();
  const tracer = trace.getTracer('stockroom', version);
  const untrace = traceStatements(tracer, showText);
  return {
    watch: (fastify) => {
      traceRequests(fastify, tracer);
      // Behind the last request, before the connections to the database are closed.
      fastify.addHook('onClose', async () => {
        untrace();
        // A collector that is away must not make a stop fail.
        await sdk.shutdown().catch(() => undefined);
      });
    },
  };
}
