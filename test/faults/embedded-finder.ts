import { findBinaries, type FindBinariesOptions } from '../../src/database/embedded/postgres-binaries.js';

/** Prints where the user of this process finds the server's program. Argument: `dataDir` and `installation` as JSON. */
const argument: unknown = JSON.parse(process.argv[2] ?? '{}');
const { dataDir, installation } = argument as Pick<FindBinariesOptions, 'dataDir' | 'installation'>;
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const { postgres } = await findBinaries({
  binDir: undefined,
  dataDir,
  account: undefined,
  log,
  installation,
});
process.stdout.write(`${postgres}\n`);
