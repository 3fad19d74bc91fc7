/**
 * Whether the standard variables of OpenTelemetry ask for traces: an exporter or an address to send them to is named, and nothing
 * switches them off. What else they say, the SDK reads itself.
 *
 * **Why** not on by default, as the SDK is: it would send to a collector on this machine that most do not have.
 */
export function isTracingWanted(env: NodeJS.ProcessEnv = process.env): boolean {
  const given = (name: string): string => env[name]?.trim() ?? '';
  if (given('OTEL_SDK_DISABLED').toLowerCase() === 'true') return false;
  const exporters = given('OTEL_TRACES_EXPORTER')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (exporters.length > 0) return !exporters.includes('none');
  return given('OTEL_EXPORTER_OTLP_ENDPOINT') !== '' || given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '';
}
