import { createInterface } from 'node:readline';
import {
  EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../src/database/embedded/embedded-postgres.js';

/**
 * A process that holds an embedded server until it reads the line `close` or is killed.
 *
 * **Shape**: one JSON line when it holds the server or was refused, one when it has closed; what it logs goes to
 * standard error. Argument: the options as JSON, and `umask`.
 */
const argument: unknown = JSON.parse(process.argv[2] ?? '{}');
const { umask, ...options } = argument as EmbeddedPostgresOptions & { readonly umask?: number };
if (umask !== undefined) process.umask(umask);

const tell = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

try {
  const server = await EmbeddedPostgres.open({
    ...options,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  tell({ held: true, address: server.address, location: server.location });
  for await (const line of createInterface(process.stdin)) {
    if (line === 'close') break;
  }
  // An open standard input would keep the process; so must nothing of the server's, once it is closed.
  process.stdin.destroy();
  await server.close();
  tell({ closed: true });
} catch (error) {
  tell({ held: false, error: error instanceof Error ? { name: error.name, message: error.message } : error });
}
