import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DatabaseBusy, DatabaseUnavailable } from '../../database/database.errors.js';
import { StoreFiguresService, type StoreReading } from './store-figures.service.js';

type Parts = ConstructorParameters<typeof StoreFiguresService>;

/** A store of which `ping` and the newest revision can be chosen. */
function storeFigures(ping: () => Promise<void>, head: () => Promise<number> = async () => 7) {
  const parts = [
    { ping: jest.fn(ping) },
    { head: jest.fn(head) },
    { countLive: async () => ({ people: 2, visitors: 3 }) },
    { lagSeconds: async () => 0 },
    { all: async () => [] },
    { read: async () => undefined },
  ];
  const service = new StoreFiguresService(...(parts as unknown as Parts));
  return { service, ping: parts[0]?.ping, head: parts[1]?.head };
}

describe('figures of the store', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick'] });
    Logger.overrideLogger(false);
  });
  afterEach(() => {
    jest.useRealTimers();
    Logger.overrideLogger(['log', 'warn', 'error']);
  });

  it('are asked for once in fifteen seconds, however many scrape', async () => {
    const { service, ping, head } = storeFigures(async () => undefined);
    const readings = await Promise.all([service.read(), service.read(), service.read()]);
    for (const { isUp, figures } of readings) {
      expect(isUp).toBe(true);
      expect(figures.newestRevision).toBe(7);
    }
    jest.advanceTimersByTime(14_000);
    await service.read();
    expect(ping).toHaveBeenCalledTimes(1);
    expect(head).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1_001);
    await service.read();
    expect(ping).toHaveBeenCalledTimes(2);
  });

  it('keep no scrape waiting for longer than two seconds, nor send a second question after one that hangs', async () => {
    const { service, ping } = storeFigures(() => new Promise(() => undefined));
    for (let n = 1; n <= 3; n++) {
      let reading: StoreReading | undefined;
      void service.read().then((answer) => (reading = answer));
      await jest.advanceTimersByTimeAsync(1_900);
      expect(reading).toBeUndefined();
      await jest.advanceTimersByTimeAsync(101);
      expect(reading).toEqual({ isUp: false, figures: {} });
    }
    expect(ping).toHaveBeenCalledTimes(1);
  });

  it('are none while the database is away, which is looked for again after three seconds', async () => {
    let isAway = true;
    const { service } = storeFigures(async () => {
      if (isAway) throw new DatabaseUnavailable();
    });
    expect(await service.read()).toEqual({ isUp: false, figures: {} });
    isAway = false;
    jest.advanceTimersByTime(2_900);
    expect((await service.read()).isUp).toBe(false);
    jest.advanceTimersByTime(101);
    expect((await service.read()).isUp).toBe(true);
  });

  it('stay what they were while every connection is at work, which says nothing against the database', async () => {
    let isBusy = false;
    const { service } = storeFigures(async () => {
      if (isBusy) throw new DatabaseBusy();
    });
    const before = await service.read();
    isBusy = true;
    jest.advanceTimersByTime(15_001);
    expect(await service.read()).toEqual(before);
  });

  it('lack only the one that cannot be read', async () => {
    const { service } = storeFigures(
      async () => undefined,
      async () => {
        throw new Error('no such table');
      },
    );
    const { isUp, figures } = await service.read();
    expect(isUp).toBe(true);
    expect(figures.newestRevision).toBeUndefined();
    expect(figures.sessions).toEqual({ people: 2, visitors: 3 });
  });
});
