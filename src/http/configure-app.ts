import cookie from '@fastify/cookie';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '../config/settings.js';
import { MetricsService } from '../metrics/metrics.service.js';
import { RequestLimiter } from '../rate-limits/request-limiter.service.js';
import { AllowedMethods } from './allowed-methods.js';
import { limitBodyTime } from './body-timeout.hook.js';
import { requireHost } from './host-header.hook.js';
import { acceptJson } from './json-body.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import { setCommonHeaders } from './security-headers.hook.js';
import { refuseUnstorableText } from './storable-text.hook.js';
import { acceptUploads } from './upload-types.js';
import { validationPipe } from './validation.pipe.js';

/** Everything about HTTP that is the same for every route. Call once, before the application listens. */
export async function configureApp(app: NestFastifyApplication, settings: Settings): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  await app.get(MetricsService).begin(fastify);
  const allowedMethods = new AllowedMethods();
  allowedMethods.watch(fastify);
  // Writes cookies only. The one that is read needs more care than a parser takes, and most requests have none.
  await app.register(cookie, { hook: false });
  fastify.addHook('onRequest', setCommonHeaders);
  fastify.addHook('onRequest', requireHost);
  acceptUploads(fastify);
  acceptJson(fastify);
  const limiter = app.get(RequestLimiter);
  fastify.addHook('onRequest', async (request, reply) => limiter.countUnknown(request, reply));
  fastify.addHook('onRequest', limitBodyTime);
  fastify.addHook('preValidation', refuseUnstorableText);
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemDetailsFilter(allowedMethods));
  if (settings.http.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...settings.http.corsOrigins],
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: [
        'ETag',
        'Link',
        'Location',
        'RateLimit',
        'RateLimit-Policy',
        'Retry-After',
        'X-Request-Id',
      ],
    });
  }
  if (settings.docs.enabled) await (await import('./documentation.js')).serveDocumentation(app);
}
