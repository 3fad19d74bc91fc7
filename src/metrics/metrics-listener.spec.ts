import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../config/configuration.errors.js';
import { MetricsListener } from './metrics-listener.js';

const ADDRESS = { host: '127.0.0.1', port: 0 };
let open: MetricsListener[] = [];

async function listener(say: () => Promise<string>): Promise<MetricsListener> {
  const opened = await MetricsListener.open(ADDRESS, { contentType: 'text/plain', text: say });
  open.push(opened);
  return opened;
}

describe('the port of the metrics', () => {
  afterEach(async () => {
    await Promise.all(open.map((opened) => opened.close()));
    open = [];
  });

  it('is refused by its name when somebody else listens there', async () => {
    const { port } = await listener(async () => '');
    const second = MetricsListener.open(
      { ...ADDRESS, port },
      { contentType: 'text/plain', text: async () => '' },
    );
    await expect(second).rejects.toThrow(ConfigurationError);
    await expect(second).rejects.toThrow(
      /METRICS_PORT \d+ cannot be listened on at 127\.0\.0\.1 \(EADDRINUSE\)/,
    );
  });

  it('says that it failed, and not why', async () => {
    const { port } = await listener(async () => {
      throw new Error('canary');
    });
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('canary');
  });

  it('closes although somebody is connected and says nothing', async () => {
    const opened = await listener(async () => '');
    const silent = connect(opened.port, '127.0.0.1');
    const heard = text(silent);
    await new Promise((resolve) => silent.once('connect', resolve));
    await opened.close();
    open = [];
    expect(await heard).toBe('');
  });
});
