import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline';
import { ExternalCredential } from '../../src/credentials/external-credential.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.service.js';
import { DecryptionError } from '../../src/encryption/encryption.errors.js';
import { Secret } from '../../src/encryption/secret.js';
import { KeyPresenceService } from '../../src/keys/key-presence.service.js';
import { openProcess } from '../integration/encryption/keys-support.js';
import type { WorkerJob, WorkerReport } from './key-rotation-types.js';

/** One replica of the service: writers that count up in rows of their own, and readers of all rows, until standard input says stop. */
async function main(job: WorkerJob): Promise<void> {
  const app = await openProcess(job.db, job.keys);
  await app.get(KeyPresenceService).begin();
  const unitOfWork = app.get(UnitOfWork);
  const acked: Record<string, number> = {};
  const report = { reads: 0, writes: 0, decryptionErrors: 0, staleReads: 0, failures: [] as string[] };
  let stopping = false;

  const guarded = async (step: () => Promise<void>): Promise<void> => {
    while (!stopping) {
      try {
        await step();
      } catch (error) {
        if (error instanceof DecryptionError) report.decryptionErrors++;
        else report.failures.push(String(error).slice(0, 300));
      }
    }
  };
  const load = <T>(index: number, work: (row: ExternalCredential) => T): Promise<T> =>
    unitOfWork.run({ userId: job.userId }, async (em) =>
      work(await em.findOneOrFail(ExternalCredential, { user: job.userId, provider: `p${index}` })),
    );

  const writer = async (lane: number): Promise<void> =>
    guarded(async () => {
      const index = randomInt(Math.floor(job.rows / job.lanes)) * job.lanes + lane;
      const next = (acked[index] ?? 0) + 1;
      await load(index, (row) => {
        row.accessToken = Secret.of(`${index}:${next}`);
        if (next % 2 === 0) row.refreshToken = Secret.of(`refresh ${index}:${next}`);
        // Half of the writes leave the secrets alone: they must not put old cipher text back.
        else row.label = `write ${next}`;
      });
      acked[index] = next;
      report.writes++;
    });
  const reader = async (): Promise<void> => {
    const seen = new Map<number, number>();
    await guarded(async () => {
      const index = randomInt(job.rows);
      const text = await load(index, (row) => {
        row.refreshToken?.reveal();
        return row.accessToken?.reveal() ?? '';
      });
      const [of, count] = text.split(':').map(Number);
      if (of !== index || (count ?? -1) < (seen.get(index) ?? 0)) report.staleReads++;
      seen.set(index, count ?? 0);
      report.reads++;
    });
  };

  const work = [...job.writerLanes.map(writer), ...Array.from({ length: job.readers }, reader)];
  process.stdout.write('ready\n');
  for await (const line of createInterface(process.stdin)) if (line === 'stop') break;
  stopping = true;
  await Promise.all(work);
  await app.close();
  process.stdout.write(`${JSON.stringify({ ...report, acked } satisfies WorkerReport)}\n`);
  process.stdin.destroy();
}

await main(JSON.parse(process.argv[2] ?? '') as WorkerJob);
