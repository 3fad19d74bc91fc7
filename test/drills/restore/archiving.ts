import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import type { Ledger } from './ledger.js';

/** Brings what was written so far to the archive. */
export async function switchLog(cluster: Cluster): Promise<void> {
  const [wanted] = await cluster.query<{ name: string }>('select pg_walfile_name(pg_switch_wal()) as name');
  const text = `select coalesce(last_archived_wal, '') >= $1 as reached from pg_stat_archiver`;
  const isThere = async (): Promise<boolean> =>
    (await cluster.query<{ reached: boolean }>(text, [wanted?.name]))[0]?.reached === true;
  while (!(await isThere())) await sleep(100);
}

/**
 * The repository takes nothing for a while: the service goes on, the log stays with the server, and goes to the repository when that
 * takes it again.
 */
export async function refuseLog(
  cluster: Cluster,
  ledger: Ledger,
): Promise<{ readonly operations: number; readonly failures: number }> {
  const archive = join(cluster.repository, 'archive');
  const failed = async (): Promise<number> => {
    const [row] = await cluster.query<{ failures: number }>(
      'select failed_count::int as failures from pg_stat_archiver',
    );
    return row?.failures ?? 0;
  };
  const [before, done] = [await failed(), ledger.answered];
  await cluster.must('chmod', ['000', archive]);
  try {
    await cluster.query('select pg_switch_wal()');
    while ((await failed()) < before + 2) await sleep(100);
  } finally {
    await cluster.must('chmod', ['750', archive]);
  }
  const result = { operations: ledger.answered - done, failures: (await failed()) - before };
  await switchLog(cluster);
  return result;
}
