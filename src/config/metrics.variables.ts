import { hostProblem } from './network.js';
import { optionalInteger, optionalText } from './variable.js';

/** Where metrics are served, apart from everything else. */
export const metricsVariables = {
  METRICS_PORT: optionalInteger({
    description:
      'Serves metrics for Prometheus at `/metrics` of a port of its own, without credentials: let nobody but Prometheus reach it. 0 takes a free one. Tracing is set up by the standard `OTEL_…` variables, see [operations.md](operations.md#tracing).',
    min: 0,
    max: 65_535,
    default: 'off: nothing is counted',
  }),
  METRICS_HOST: optionalText({
    description: 'Address that the metrics are served on.',
    values: 'IP address or host name',
    default: 'that of `HOST`',
    check: hostProblem,
  }),
};
