/** What the service itself has to know of the standard variables of OpenTelemetry. The rest the SDK reads. */
export interface TracingWishes {
  /** An exporter, or an address to send traces to, is named, and nothing switches them off. */
  readonly isWanted: boolean;
  /** Somebody chose what is found out about the machine. */
  readonly namesDetectors: boolean;
}

/**
 * Whether traces are asked for.
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
  const isAsked =
    exporters.length > 0
      ? !exporters.includes('none')
      : given('OTEL_EXPORTER_OTLP_ENDPOINT') !== '' || given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '';
  return { isWanted: isAsked && given('OTEL_SDK_DISABLED').toLowerCase() !== 'true', namesDetectors };
}
