import { describe, expect, it, jest } from '@jest/globals';
import { TooManyWaiting } from './database.errors.js';
import { Turns, type Queue } from './turns.js';

const ROWS: Queue = { name: 'rows', patienceMs: 1_000 };

/** Somebody in a queue, who stays inside until told to leave. */
function visitor(turns: Turns, queue: Queue, name: string, inside: string[]) {
  const stay = Promise.withResolvers<void>();
  const done = turns.take(queue, async () => {
    inside.push(name);
    await stay.promise;
    return name;
  });
  return { done, leave: stay.resolve };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('let a third of the pool in at once, and at least one', async () => {
    for (const [connections, atOnce] of [
      [2, 1],
      [4, 1],
      [10, 3],
    ] as const) {
      const inside: string[] = [];
      const turns = new Turns(connections);
      const visitors = ['a', 'b', 'c', 'd', 'e'].map((name) => visitor(turns, ROWS, name, inside));
      await settle();
      expect(inside).toHaveLength(atOnce);
      for (const { leave } of visitors) leave();
      expect(await Promise.all(visitors.map(({ done }) => done))).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  });

  it('let in fewer where a queue asks for that, and never more', async () => {
    const turns = new Turns(9);
    for (const [atOnce, most] of [
      [1, 1],
      [5, 3],
    ] as const) {
      const inside: string[] = [];
      const visitors = ['a', 'b', 'c', 'd', 'e'].map((name) =>
        visitor(turns, { ...ROWS, atOnce }, name, inside),
      );
      await settle();
      expect(inside).toHaveLength(most);
      for (const { leave } of visitors) leave();
      await Promise.all(visitors.map(({ done }) => done));
    }
  });

  it('come in the order of arrival, also when some fail', async () => {
    const turns = new Turns(1);
    const order: number[] = [];
    const done = Array.from({ length: 20 }, (_, n) =>
      turns.take(ROWS, async () => {
        order.push(n);
        if (n % 3 === 0) throw new Error(`${n}`);
      }),
    );
    const ends = await Promise.allSettled(done);
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  });

  it('of one queue keep nobody of another waiting', async () => {
    const turns = new Turns(1);
    const inside: string[] = [];
    const first = visitor(turns, ROWS, 'first', inside);
    expect(await turns.take({ ...ROWS, name: 'others' }, async () => 'done')).toBe('done');
    first.leave();
    await first.done;
  });

  it('end for whoever waits too long, whose work is never begun, and go on behind them', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
    try {
      const turns = new Turns(1);
      const inside: string[] = [];
      const first = visitor(turns, ROWS, 'first', inside);
      const impatient = visitor(turns, ROWS, 'impatient', inside);
      const refused = impatient.done.catch((error: unknown) => error);
      const patient = visitor(turns, { ...ROWS, patienceMs: 10_000 }, 'patient', inside);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await refused).toBeInstanceOf(TooManyWaiting);
      first.leave();
      expect(await first.done).toBe('first');
      patient.leave();
      expect(await patient.done).toBe('patient');
      expect(inside).toEqual(['first', 'patient']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('are refused at once to whoever comes when a thousand are there', async () => {
    const turns = new Turns(3);
    const inside: string[] = [];
    const there = Array.from({ length: 1_000 }, (_, n) => visitor(turns, ROWS, `${n}`, inside));
    await expect(turns.take(ROWS, async () => 'late')).rejects.toBeInstanceOf(TooManyWaiting);
    for (const { leave } of there) leave();
    await Promise.all(there.map(({ done }) => done));
    expect(await turns.take(ROWS, async () => 'later')).toBe('later');
  });
});
