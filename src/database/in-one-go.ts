import type { Socket } from 'node:net';
import type { PoolClient } from 'pg';

/**
 * `pg` sends queued statements without waiting for answers while `pipeline` is true. Its types know that as an option of the start only,
 * and the connection not at all.
 */
type PipelinedClient = PoolClient & {
  pipeline: boolean;
  readonly connection: { readonly stream: Pick<Socket, 'cork' | 'uncork'> };
};

/**
 * Runs several statements on one connection that are all sent before the first is answered. **Shape**: their results, in their order.
 *
 * **Errors**: of the first that failed, when all have been answered: until then the connection is not free. In a transaction the
 * others have failed with it.
 * **Why** not for the whole pool: a statement elsewhere waits for its answer anyway, and COPY must not have company.
 */
export async function inOneGo<T extends readonly Promise<unknown>[]>(
  client: PoolClient,
  send: () => readonly [...T],
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  const pipelined = client as PipelinedClient;
  pipelined.pipeline = true;
  try {
    const sent = inOneWrite(pipelined, send);
    await Promise.allSettled(sent);
    return (await Promise.all(sent)) as { -readonly [I in keyof T]: Awaited<T[I]> };
  } finally {
    pipelined.pipeline = false;
  }
}

/** **Why**: a write for each statement was a third of what an append cost this process, and woke the server as often. */
function inOneWrite<T>({ connection: { stream } }: PipelinedClient, send: () => T): T {
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}
