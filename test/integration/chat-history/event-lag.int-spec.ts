import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStreamsService } from '../../../src/chat-history/events/event-streams.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { commitChanges, makeSeries } from '../../factories/versioned-bars.js';
import { EventReader } from '../../support/event-reader.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let streams: EventStreamsService;
let commit: () => Promise<number>;

beforeAll(async () => {
  // So seldom that no poll comes by itself while a test looks.
  service = await startTestApp({ env: { STOCKROOM_EVENT_POLL_MS: '60000' } });
  streams = service.app.get(EventStreamsService);
  const seriesId = await makeSeries(service.db.owner, 'LAGGED');
  const versioning = service.app.get(VersioningService);
  let close = 0;
  commit = async () =>
    (await commitChanges(versioning, { seriesId, changes: [{ day: 0, close: String(++close) }] })).head;
  await commit();
});
afterAll(() => service.close());

describe('the lag of events', () => {
  it('is none without streams, whatever is committed', async () => {
    await commit();
    expect(streams.revisionsBehind).toBe(0);
  });

  it('is what the slowest has not been sent of what was seen of the log', async () => {
    const reader = await EventReader.open(service.url, service.api.headers);
    await reader.until(({ lastEventId }) => lastEventId !== undefined);
    await commit();
    const committed = await commit();
    expect(streams.revisionsBehind).toBe(0);
    // Another stream makes the process look; the first one is told with the next poll.
    const later = await EventReader.open(service.url, service.api.headers);
    await later.until(({ lastEventId }) => lastEventId === `${committed}`);
    expect(streams.revisionsBehind).toBe(2);
    reader.cut();
    later.cut();
    for (let tries = 0; streams.openCount > 0 && tries < 200; tries++) await sleep(20);
    expect(streams.revisionsBehind).toBe(0);
  });
});
