import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The release, as `package.json` has it. **Why not an import**: the file lies elsewhere, as seen from here, once this one is built. */
export function packageVersion(): string {
  const path = findPackageJSON('..', import.meta.url);
  if (path === undefined) throw new Error('There is no package.json above the program.');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
