import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseServerAccount } from '../../../src/database/embedded/server-account.js';
import { buildOnce } from '../../support/command-line.js';
import { copyShipped, type Place } from './cluster.js';
import { Drill } from './drill.js';
import { faultsOf, linesOf } from './report.js';
import { ROOT } from './store.js';

const GB = 2 ** 30;

/**
 * The drill of docs/operations.md: `npm run drill:restore`, and with `--quick` a small one. Prints what it did and how long that took;
 * exit status 1 when anything was lost, or not refused.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
  const startedAt = performance.now();
  const say = (line: string): void => {
    process.stdout.write(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
  };
  const archiveTimeout = values.quick ? 4 : 60;
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-restore-'));
  await chmod(folder, 0o755);
  const place: Place = {
    folder,
    account: (await chooseServerAccount()) ?? null,
    clusters: [],
    settings: values.quick ? { archive_timeout: String(archiveTimeout) } : {},
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void endAll(place).finally(() => process.exit(130)));
  try {
    buildOnce();
    await copyShipped(place, ROOT);
    await mkdir(join(folder, 'service'));
    say('setting up a server, a repository and a store');
    const drill = await Drill.begin(place, { bytes: values.quick ? 0 : GB, archiveTimeout, say });
    const report = await drill.run();
    process.stdout.write(`${linesOf(report).join('\n')}\n`);
    const faults = faultsOf(report, values.quick ? null : { rpoMs: 90_000, readyMs: 300_000 });
    for (const fault of faults) process.stdout.write(`FAULT: ${fault}\n`);
    say(faults.length === 0 ? 'Nothing was lost but what the archive had not yet.' : 'FAILED');
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    await endAll(place);
  }
}

/** Stops every server and removes what they left. */
async function endAll({ folder, clusters }: Place): Promise<void> {
  for (const cluster of clusters) await cluster.stop('immediate');
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

await main();
