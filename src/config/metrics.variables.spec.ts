import { describe, expect, it } from '@jest/globals';
import { loadSettings } from './settings.js';

describe('where metrics are served', () => {
  it('is nowhere until a port is named', () => {
    expect(loadSettings({}).metrics).toBeNull();
    expect(loadSettings({ METRICS_HOST: '127.0.0.2' }).metrics).toBeNull();
  });

  it('is where the service listens, unless another address is named', () => {
    expect(loadSettings({ METRICS_PORT: '9464' }).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(loadSettings({ METRICS_PORT: '9464', HOST: '0.0.0.0' }).metrics?.host).toBe('0.0.0.0');
    const env = { METRICS_PORT: '9464', HOST: '0.0.0.0', METRICS_HOST: '127.0.0.1' };
    expect(loadSettings(env).metrics?.host).toBe('127.0.0.1');
  });

  it('is never the port of the service, where everybody could ask', () => {
    expect(() => loadSettings({ PORT: '8080', METRICS_PORT: '8080' })).toThrow(
      /METRICS_PORT is 8080, as PORT is/,
    );
    expect(() => loadSettings({ METRICS_PORT: 'tcp://10.0.0.1:9464' })).toThrow(/METRICS_PORT must be/);
  });
});
