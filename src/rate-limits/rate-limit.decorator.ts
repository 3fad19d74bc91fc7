import { SetMetadata } from '@nestjs/common';
import type { RateLimitName } from './rate-limits.types.js';

export const RATE_LIMIT_METADATA = 'stockroom:rate-limit';

/** Counts requests to a route under another limit than the ordinary one. */
export const RateLimit = (name: RateLimitName): ClassDecorator & MethodDecorator =>
  SetMetadata(RATE_LIMIT_METADATA, name);

/** Counts nothing: for probes, which must be answered whatever happens, and for metrics. */
export const NoRateLimit = (): ClassDecorator & MethodDecorator => SetMetadata(RATE_LIMIT_METADATA, null);
