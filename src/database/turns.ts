import pLimit, { type LimitFunction } from 'p-limit';
import { TooManyWaiting } from './database.errors.js';

/** Transactions that wait for one another, so that only a few of them should hold a connection meanwhile. */
export interface Queue {
  /** What they wait for. Queues of different names know nothing of each other. */
  readonly name: string;
  /** **Units**: milliseconds in the queue, after which whoever waits is told to come again. */
  readonly patienceMs: number;
  /** How many are let in at once; a third of the connections unless that is less. */
  readonly atOnce?: number;
}

/** Who comes when this many are inside or wait is told to come again at once. */
const MAX_IN_LINE = 1_000;

/** One in so many connections of the pool may be held by those who wait for the same thing. */
const CONNECTIONS_PER_TURN = 3;

interface WaitingLine {
  readonly turns: LimitFunction;
  /** Inside or waiting; who gave up is not counted any more. */
  length: number;
}

/**
 * Lets transactions of a queue in one after another, a few at a time, in the order in which they came.
 *
 * **Why** here and not in the database, which has a queue for every lock: there each waits with a connection in its hands. As many
 * writers as there are connections, and no reader finds one, nor a request the session that it came with.
 */
export class Turns {
  private readonly lines = new Map<string, WaitingLine>();
  private readonly atOnce: number;

  /** **Shape**: `connections` is the size of the pool. */
  constructor(connections: number) {
    this.atOnce = Math.max(Math.floor(connections / CONNECTIONS_PER_TURN), 1);
  }

  /** Runs `work` when its turn has come. **Errors**: `TooManyWaiting`, and then `work` never runs; those of `work`. */
  async take<T>({ name, patienceMs, atOnce = this.atOnce }: Queue, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(name) ?? { turns: pLimit(Math.min(atOnce, this.atOnce)), length: 0 };
    if (line.length >= MAX_IN_LINE) throw new TooManyWaiting();
    this.lines.set(name, line);
    try {
      return line.length++ < line.turns.concurrency
        ? await line.turns(work)
        : await waited(line, patienceMs, work);
    } finally {
      line.length--;
      // There may be a queue for each of a million rows, and nobody in nearly all of them.
      if (line.length === 0) this.lines.delete(name);
    }
  }
}

/** Runs `work` when those before it are done, unless that takes longer than somebody is patient. **Errors**: `TooManyWaiting`. */
async function waited<T>({ turns }: WaitingLine, patienceMs: number, work: () => Promise<T>): Promise<T> {
  const entry = Promise.withResolvers<void>();
  const patience = setTimeout(() => entry.reject(new TooManyWaiting()), patienceMs);
  const done = turns(async () => {
    entry.resolve();
    // Whoever gave up before passes the turn on.
    await entry.promise;
    return work();
  });
  // Of somebody who gave up nobody looks at it any more.
  done.catch(() => undefined);
  await entry.promise;
  clearTimeout(patience);
  return done;
}
