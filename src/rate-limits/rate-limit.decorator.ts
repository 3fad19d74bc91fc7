import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { RateLimitName } from './rate-limits.types.js';

export const RATE_LIMIT_METADATA = 'stockroom:rate-limit';

/** Counts requests to a route under another limit than the ordinary one. */
export const RateLimit = (name: RateLimitName): ClassDecorator & MethodDecorator =>
  SetMetadata(RATE_LIMIT_METADATA, name);

/** Counts nothing: for probes, which must be answered whatever happens, and for metrics. The document tells its readers. */
export const NoRateLimit = (): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(RATE_LIMIT_METADATA, null), ApiExtension('x-no-rate-limit', true));
