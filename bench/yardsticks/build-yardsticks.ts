import { transformFile } from '@swc/core';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PROGRAMS = [
  'yardsticks/bare-http',
  'yardsticks/bare-messages',
  'yardsticks/bare-nest',
  'yardsticks/orm-entities',
  'yardsticks/without-guard',
  'yardsticks/without-memory',
  'load/load-process',
];
const BENCH = join(import.meta.dirname, '..');
/** Below `node_modules`, so that the programs find their packages and nothing else looks at them. */
const OUTPUT = join(BENCH, '../node_modules/.cache/stockroom-bench', String(process.pid));

/**
 * Compiles the programs that run beside the service, as the service is compiled: a yardstick must not pay for a loader.
 *
 * **Shape**: the path of a compiled program by its name, and what removes them all.
 */
export async function buildYardsticks(): Promise<{
  readonly path: (name: string) => string;
  readonly remove: () => Promise<void>;
}> {
  await mkdir(OUTPUT, { recursive: true });
  const path = (name: string): string => join(OUTPUT, `${name}.mjs`);
  for (const program of PROGRAMS) {
    const { code } = await transformFile(join(BENCH, `${program}.ts`), {
      sourceMaps: false,
      swcrc: true,
      configFile: join(BENCH, '../.swcrc'),
    });
    await writeFile(path(program.split('/').at(-1) ?? program), code);
  }
  return { path, remove: () => rm(OUTPUT, { recursive: true, force: true }) };
}
