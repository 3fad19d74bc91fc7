const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

/** A command was broken off by a signal, and has cleaned up behind itself. */
export class Interrupted extends Error {
  constructor(readonly signal: Signal) {
    super(`ended by ${signal}`);
    this.name = 'Interrupted';
  }

  /** Ends the process as the signal would have, so that whoever started it can tell. */
  end(): void {
    process.kill(process.pid, this.signal);
  }
}

/**
 * Runs `work`, which a signal breaks off instead of ending the process: a spooled file, an open transaction or a database server
 * that was started for the command would be left behind. A second signal ends the process at once.
 *
 * **Errors**: those of `work`; `Interrupted` when a signal came.
 */
export async function interruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const onSignal = (signal: Signal): void => {
    stopListening();
    interruption.abort(new Interrupted(signal));
  };
  const stopListening = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const result = await work(interruption.signal);
    interruption.signal.throwIfAborted();
    return result;
  } catch (error) {
    // What failed because of the signal is no news beside it.
    interruption.signal.throwIfAborted();
    throw error;
  } finally {
    stopListening();
  }
}

/** The outcome of `work`, or the abort of `signal` if that comes first; then nobody waits for `work` any more. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  // Whatever it still fails with, nobody would catch it.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
