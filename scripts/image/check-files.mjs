/**
 * Compares a folder with what the image may hold: each file must be allowed by a line of `ALLOWED`, each package be one that runs.
 *
 * Usage: `node scripts/image/check-files.mjs <folder> <package-lock.json>`. Exit status 1 and a line for each file that is not allowed.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** What may lie in /app, and why it is there. */
const ALLOWED = [
  [/^package\.json$/, 'says that files are modules, and which version this is'],
  [/^sbom\.cdx\.json$/, 'what the image is made of'],
  [
    /^dist\/(src|migrations)\/(?!.*\.spec\.)[\w./-]+\.js(\.map)?$/,
    'the service; maps, so that errors name lines of the sources',
  ],
  [/^dist\/mikro-orm\.config\.js(\.map)?$/, 'the list of entities'],
  [/^node_modules\/.*\/([^/]*(licen[sc]e|notice)|copying|readme)[^/]*$/i, 'licences ask to be kept'],
  [/^node_modules\/.*\.(js|cjs|mjs|json)$/, 'packages'],
  [/^node_modules\/@node-rs\/argon2-[\w-]+\/[\w.-]+\.node$/, 'password hashing is native'],
  [/^node_modules\/(@grpc|protobufjs)\/.*\.proto$/, 'the form of exported spans'],
  [/^node_modules\/swagger-ui-dist\/[\w.-]+\.(css|html|js|png)$/, 'the page at /docs'],
];

/** Names that are allowed nowhere, whatever is said above. */
const NEVER =
  /(^|\/)(\.git|\.env|\.npmrc|\.stockroom|test|tests|__tests__|id_rsa)(\/|$)|\.(pem|key|p12|pfx|spec\.js|test\.js)$/i;

/** **Shape**: paths with `/`, relative to the folder. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** `node_modules/a/node_modules/@b/c/d.js` → `node_modules/a/node_modules/@b/c`; null outside packages. */
const packageOf = (path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? null;

/** One sentence for each path that may not be there. **Shape**: `packages` as in a lock file. */
export function notAllowed(paths, packages) {
  const foreign = new Set();
  const problems = [];
  for (const path of paths) {
    const owner = packageOf(path);
    const locked = owner === null ? undefined : packages[owner];
    if (owner !== null && (locked === undefined || locked.dev === true)) foreign.add(owner);
    else if (NEVER.test(path)) problems.push(`${path} is a test, or may hold a secret`);
    else if (!ALLOWED.some(([pattern]) => pattern.test(path)))
      problems.push(`${path} is of no kind that the image holds`);
  }
  return [...[...foreign].map((owner) => `${owner} is no package that runs`), ...problems];
}

if (import.meta.filename === process.argv[1]) {
  const [folder, lock] = process.argv.slice(2);
  const paths = filesOf(folder);
  const problems = notAllowed(paths, JSON.parse(readFileSync(lock, 'utf8')).packages);
  for (const problem of problems.slice(0, 40)) console.error(problem);
  const bytes = paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  console.log(
    `${paths.length} files, ${(bytes / 1024 / 1024).toFixed(1)} MiB, ${problems.length} of them not allowed`,
  );
  if (problems.length > 0) {
    console.error(
      'Add a line to ALLOWED in scripts/image/check-files.mjs, or remove them in scripts/image/prune.sh.',
    );
    process.exitCode = 1;
  }
}
