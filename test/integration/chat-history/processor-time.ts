import type { Client } from 'pg';

/** **Units**: milliseconds of processor that the server takes for a statement, whoever else is at it: the least of some runs. */
export type ProcessorTime = (text: string, values?: readonly unknown[]) => Promise<number>;

const RUNS = 3;

/** Lets a superuser's connection tell what its statements cost the server. */
export async function processorTime(client: Client): Promise<ProcessorTime> {
  const usage: number[] = [];
  client.on('notice', ({ detail }) => {
    const [, user, system] = /([\d.]+) s user, ([\d.]+) s system, [\d.]+ s elapsed/.exec(detail ?? '') ?? [];
    if (user !== undefined) usage.push(1000 * (Number(user) + Number(system)));
  });
  await client.query('set log_statement_stats = on');
  await client.query('set client_min_messages = log');
  return async (text, values = []) => {
    let best = Infinity;
    for (let run = 0; run < RUNS; run++) {
      // One notice for each message of the protocol: to parse, to bind, to execute.
      usage.length = 0;
      await client.query(text, [...values]);
      best = Math.min(
        best,
        usage.reduce((sum, ms) => sum + ms, 0),
      );
    }
    return best;
  };
}
