import type { Bench, Sample } from '../bench.types.js';
import { runProgram } from '../processes/run-program.js';

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
  const [rounds, seconds, warmUp] = bench.quick ? [2, 1, 1] : [7, 3, 3];
  for (const contestant of contestants) await loadRate(bench, contestant, warmUp);
  const results: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const rates: number[] = [];
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (turn + round) % contestants.length;
      const contestant = contestants[index];
      if (contestant !== undefined) rates[index] = await loadRate(bench, contestant, seconds);
    }
    bench.say(contestants.map(({ name }, index) => `${name} ${Math.round(rates[index] ?? 0)}`).join(', '));
    results.push(rates);
  }
  return results;
}

/** The samples of one contestant against another. */
export function samplesOf(
  results: readonly (readonly number[])[],
  ours: number,
  yardstick: number,
): readonly Sample[] {
  return results.map((rates) => ({ ours: rates[ours] ?? NaN, yardstick: rates[yardstick] ?? NaN }));
}
