import { ConfigurationError } from './configuration.errors.js';

/** What the service itself has to know of the standard variables of OpenTelemetry. The rest the SDK reads. */
export interface TracingWishes {
  /** An exporter, or an address to send traces to, is named, and nothing switches them off. */
  readonly isWanted: boolean;
  /** Somebody chose what is found out about the machine. */
  readonly namesDetectors: boolean;
  /** Somebody chose what the SDK says of itself. */
  readonly namesLogLevel: boolean;
}

/** What the SDK has exporters for. */
const EXPORTERS: readonly string[] = ['otlp', 'console', 'zipkin', 'none'];

/**
 * Whether traces are asked for. **Errors**: `ConfigurationError` for an exporter that there is not: the SDK would go on without one.
 *
 * **Why** not on by default, as the SDK is: it would send to a collector on this machine that most do not have, and loading it takes
 * a fifth of a second.
 */
export function tracingWishes(env: NodeJS.ProcessEnv = process.env): TracingWishes {
  const given = (name: string): string => env[name]?.trim() ?? '';
  const namesDetectors = given('OTEL_NODE_RESOURCE_DETECTORS') !== '';
  const exporters = given('OTEL_TRACES_EXPORTER')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = exporters.filter((name) => !EXPORTERS.includes(name));
  if (unknown.length > 0) {
    const message = `names ${unknown.map((name) => `"${name}"`).join(', ')}; there are ${EXPORTERS.join(', ')}`;
    throw new ConfigurationError([{ variable: 'OTEL_TRACES_EXPORTER', message }]);
  }
  const isAsked =
    exporters.length > 0
      ? !exporters.includes('none')
      : given('OTEL_EXPORTER_OTLP_ENDPOINT') !== '' || given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '';
  const isWanted = isAsked && given('OTEL_SDK_DISABLED').toLowerCase() !== 'true';
  return { isWanted, namesDetectors, namesLogLevel: given('OTEL_LOG_LEVEL') !== '' };
}
