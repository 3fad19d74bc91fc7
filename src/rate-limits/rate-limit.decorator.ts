import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '../common/api-docs.js';

export const NO_RATE_LIMIT_METADATA = 'stockroom:no-rate-limit';

/** Counts nothing: for probes, which must be answered whatever happens, and for metrics. The document tells its readers. */
export const NoRateLimit = (): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(NO_RATE_LIMIT_METADATA, true), ApiExtension('x-no-rate-limit', true));
