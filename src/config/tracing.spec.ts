import { describe, expect, it } from '@jest/globals';
import { tracingWishes } from './tracing.js';

const isWanted = (env: NodeJS.ProcessEnv): boolean => tracingWishes(env).isWanted;

describe('tracing', () => {
  it('is off until an exporter or an address is named', () => {
    for (const env of [
      {},
      { OTEL_SERVICE_NAME: 'x' },
      { OTEL_TRACES_EXPORTER: ' ' },
      { OTEL_SDK_DISABLED: 'false' },
    ])
      expect(isWanted(env)).toBe(false);
    for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
      expect(isWanted({ [name]: 'http://collector:4318' })).toBe(true);
    for (const exporter of ['otlp', 'console', 'otlp,console'])
      expect(isWanted({ OTEL_TRACES_EXPORTER: exporter })).toBe(true);
  });

  it('can be switched off whatever else is said', () => {
    const address = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    expect(isWanted({ ...address, OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
    expect(isWanted({ ...address, OTEL_SDK_DISABLED: 'TRUE' })).toBe(false);
  });

  it('refuses an exporter that there is not, by its name', () => {
    for (const exporter of ['foo', 'otlp,foo', 'OTLP'])
      expect(() => isWanted({ OTEL_TRACES_EXPORTER: exporter })).toThrow(
        /OTEL_TRACES_EXPORTER names "(foo|OTLP)"; there are otlp, console, zipkin, none/,
      );
  });

  it('notices when somebody chose what is found out about the machine', () => {
    expect(tracingWishes({}).namesDetectors).toBe(false);
    expect(tracingWishes({ OTEL_NODE_RESOURCE_DETECTORS: 'host' }).namesDetectors).toBe(true);
  });
});
