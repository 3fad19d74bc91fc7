import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CurrentKeys } from '../../src/encryption/current-keys.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
beforeAll(async () => {
  // Nobody listens there: a replica that is away.
  service = await startTestApp({
    database: (db) => ({ replicas: [{ ...db.app, host: '127.0.0.1', port: 9 }] }),
  });
});
afterAll(() => service.close());

describe('readiness', () => {
  it('tells that the keys are not good any more, and not why', async () => {
    const keys = service.app.get(CurrentKeys);
    const answers: unknown[] = [];
    // The process looks at its keys every few seconds, finds them good and says so: one try could come just behind that.
    for (let tries = 0; tries < 3; tries++) {
      keys.fault = 'retired';
      const { status, json } = await service.stranger.get('/readyz');
      answers.push({ status, json });
    }
    keys.fault = null;
    expect(answers).toContainEqual({
      status: 503,
      json: {
        status: 'error',
        checks: { start: 'up', database: 'up', schema: 'up', encryptionKeys: 'down' },
      },
    });
    expect((await service.stranger.get('/readyz')).status).toBe(200);
  });

  it('shows administrators how the replicas stand, without waking or asking them', async () => {
    const replicas = async (): Promise<unknown> =>
      ((await service.api.get('/health')).json as { replicas: unknown }).replicas;
    expect(await replicas()).toEqual([{ address: '127.0.0.1:9', isAway: false, revision: 0 }]);
  });
});
