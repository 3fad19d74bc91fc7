/** The oldest Node that everything here runs on: the ORM asks for it, other packages for less. */
export const OLDEST_NODE = '22.17.0';

/** **Shape**: the line that says which Node is needed and how to get it; null when this one will do. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needed = 0, neededMinor = 0] = OLDEST_NODE.split('.').map(Number);
  if (major > needed || (major === needed && minor >= neededMinor)) return null;
  return (
    `This is Node ${version}, and Stockroom needs ${OLDEST_NODE} or later: start it by "npm start" or ` +
    '"npm run stockroom -- <command>", which use the one that "npm ci" brings along.'
  );
}

/**
 * Ends the process when its Node is too old, as the one of many systems is.
 *
 * **Why first of all, before anything else is imported**: an older Node fails half-way, with the stack of whichever package is the
 * first to miss something, after a database server was started.
 */
export function requireNode(): void {
  const problem = nodeProblem(process.versions.node);
  if (problem === null) return;
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
