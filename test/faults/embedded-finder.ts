import { findBinaries } from '../../src/database/embedded/postgres-binaries.js';

/** Prints where the user of this process finds the server's program. Argument: `dataDir` and `installation` as JSON. */
const { dataDir, installation } = JSON.parse(process.argv[2] ?? '{}');
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const { postgres } = await findBinaries({
  binDir: undefined,
  dataDir,
  account: undefined,
  log,
  installation,
});
process.stdout.write(`${postgres}\n`);
