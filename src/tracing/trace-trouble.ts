import type { DiagLogger } from '@opentelemetry/api';

/** A collector that is away fails every few seconds. **Units**: milliseconds. */
const ONCE_IN_MS = 60_000;
/** So much of a reason is enough to know it. **Units**: characters. */
const MAX_REASON = 300;

/** What a line of the log holds. **Shape**: `unsaid` is how many others there were since the last line. */
export interface TraceTrouble {
  readonly msg: string;
  readonly reason: string;
  readonly unsaid: number;
}

/**
 * What the SDK says of itself, for our log: that spans cannot be sent, and what it did not understand of its variables. Once a minute at most.
 */
export function traceTrouble(
  say: (trouble: TraceTrouble) => void,
  clock: () => number = () => performance.now(),
): DiagLogger {
  let saidAt = -Infinity;
  let unsaid = 0;
  const note = (text: string): void => {
    if (clock() - saidAt < ONCE_IN_MS) {
      unsaid++;
      return;
    }
    say({ msg: 'traces are in trouble; the service goes on without them', reason: reasonOf(text), unsaid });
    saidAt = clock();
    unsaid = 0;
  };
  const nothing = (): void => undefined;
  return { error: note, warn: note, info: nothing, debug: nothing, verbose: nothing };
}

/** **Why** not the whole: errors come as JSON with their stack, and with what the collector answered. */
function reasonOf(text: string): string {
  try {
    const { name, code, message } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const parts = [name, code, message].filter((part) => typeof part === 'string' && part !== '');
    return parts.join(' ').slice(0, MAX_REASON);
  } catch {
    return text.slice(0, MAX_REASON);
  }
}
