import type { Bench, Sample } from '../bench.types.js';
import type { HttpProcess } from '../processes/http-process.js';
import { runProgram } from '../processes/run-program.js';
import { timeOf, timeOfFamily } from './processor-time.js';

/** A server under load and what is asked of it. */
export interface Contestant {
  readonly name: string;
  readonly url: string;
  readonly paths: readonly string[];
  /** What every request carries. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Never the same address twice, so that nothing can be remembered. The paths must take `&to=`. */
  readonly unique?: boolean;
  /** JSON that is sent to the paths with POST; without it they are read. */
  readonly body?: string;
  /** The server, for the processor time that it takes. */
  readonly process?: Pick<HttpProcess, 'pid'>;
}

/** What one turn of load came to. **Units**: requests answered with success per second; microseconds of processor time for one of them. */
interface Turn {
  readonly rate: number;
  readonly server: number | null;
  readonly database: number | null;
}

/** **Units**: requests answered with success per second. **Errors**: when any was not. */
export async function loadRate(
  bench: Bench,
  { name, url, paths, headers = {}, unique = false, body }: Contestant,
  seconds: number,
): Promise<number> {
  const job = JSON.stringify({ url, paths, headers, seconds, unique, body: body ?? null });
  const { output } = await runProgram(process.execPath, [bench.yardstick('load-process'), job]);
  const { rate, failed } = JSON.parse(output) as { rate: number; failed: number };
  if (failed > 0) throw new Error(`${name} failed ${failed} requests under load`);
  return rate;
}

/**
 * Rates of several servers, one after another in every round, each round in another order, so that what the machine does
 * meanwhile falls on all alike.
 *
 * **Shape**: for each round, rates in the order of the contestants.
 */
export async function contest(
  bench: Bench,
  contestants: readonly Contestant[],
): Promise<readonly (readonly number[])[]> {
  // Code is compiled as it is used: ours, of which there is more, gets faster for ten seconds and more.
  const [rounds, seconds, warmUp] = bench.quick ? [2, 1, 1] : [7, 3, 10];
  for (const contestant of contestants) await loadRate(bench, contestant, warmUp);
  const results: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const turns: Turn[] = [];
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (turn + round) % contestants.length;
      const contestant = contestants[index];
      if (contestant !== undefined) turns[index] = await timedTurn(bench, contestant, seconds);
    }
    bench.say(contestants.map(({ name }, index) => `${name} ${shown(turns[index])}`).join(', '));
    results.push(contestants.map((_, index) => turns[index]?.rate ?? NaN));
  }
  return results;
}

/** A turn, and what it cost. **Why** beside the rate: other programs disturb processor time much less. */
async function timedTurn(bench: Bench, contestant: Contestant, seconds: number): Promise<Turn> {
  const { pid } = contestant.process ?? {};
  const postmaster = await bench.server.pid();
  const times = async (): Promise<readonly [number | null, number | null]> => [
    pid === undefined ? null : await timeOf(pid),
    postmaster === null ? null : await timeOfFamily(postmaster),
  ];
  const before = await times();
  const rate = await loadRate(bench, contestant, seconds);
  const after = await times();
  const [server = null, database = null] = after.map((time, index) => {
    const earlier = before[index] ?? null;
    return time === null || earlier === null ? null : (time - earlier) / (rate * seconds);
  });
  return { rate, server, database };
}

function shown(turn: Turn | undefined): string {
  const [rate, server, database] = [turn?.rate ?? 0, turn?.server, turn?.database].map((figure) =>
    typeof figure === 'number' ? String(Math.round(figure)) : '?',
  );
  return `${rate} (${server} + ${database} µs)`;
}

/** The samples of one contestant against another. */
export function samplesOf(
  results: readonly (readonly number[])[],
  ours: number,
  yardstick: number,
): readonly Sample[] {
  return results.map((rates) => ({ ours: rates[ours] ?? NaN, yardstick: rates[yardstick] ?? NaN }));
}
