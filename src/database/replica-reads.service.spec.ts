import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { loadSettings } from '../config/settings.js';
import { ReplicaReads } from './replica-reads.service.js';
import { SlowQueryLog } from './slow-query-log.service.js';

describe('the standing of replicas', () => {
  it('is there for each, and away once one was asked and did not answer', async () => {
    Logger.overrideLogger(false);
    const defaults = loadSettings({});
    // Port 1 is one that nobody listens on.
    const replica = {
      host: '127.0.0.1',
      port: 1,
      user: 'x',
      password: 'x',
      database: 'x',
      ssl: false,
    } as const;
    const settings = { ...defaults, database: { ...defaults.database, replicas: [replica] } };
    const reads = new ReplicaReads(settings, new SlowQueryLog(settings));
    expect(reads.standing).toEqual([{ address: '127.0.0.1:1', isAway: false, revision: 0 }]);
    const look = { name: 'look', text: 'select 1', values: [] };
    expect(await reads.readOne(look, { atLeast: 1, look })).toBeNull();
    expect(reads.standing).toEqual([{ address: '127.0.0.1:1', isAway: true, revision: 0 }]);
    await reads.onApplicationShutdown();
    Logger.overrideLogger(['log', 'warn', 'error']);
  });
});
