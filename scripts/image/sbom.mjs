/**
 * Writes down what the folder's production packages are, as a CycloneDX document, and fails when one has a licence that nobody agreed to.
 *
 * Usage: `node <here>/sbom.mjs [file]` in a folder with `package-lock.json` and `node_modules`; the file is `sbom.cdx.json` unless given.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Licences that ask for no more than to be named. Another one is for people to decide on. */
export const AGREED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

const licencesOf = ({ licenses = [] }) =>
  licenses.map(({ expression, license }) => expression ?? license?.id ?? license?.name ?? '');

/** Whether a choice in an expression such as `(MIT OR GPL-2.0-only)` is one that was agreed to. */
export function isAgreed(expression) {
  const choices = expression.replaceAll(/[()]/g, ' ').split(/\s+OR\s+/);
  return choices.some((choice) => choice.split(/\s+AND\s+/).every((id) => AGREED.has(id.trim())));
}

/** One sentence for each component whose licence is missing or was not agreed to. */
export function licenceProblems(components) {
  return components.flatMap((component) => {
    const licences = licencesOf(component);
    const name = `${component.name}@${component.version}`;
    if (licences.length === 0) return [`${name} names no licence`];
    return licences
      .filter((licence) => !isAgreed(licence))
      .map((licence) => `${name} has the licence ${licence}`);
  });
}

/** The same document for the same packages: without its time, its random number and the name of the folder. */
export function reproducible(document) {
  const { serialNumber: _number, metadata, ...rest } = document;
  const { timestamp: _time, component, ...others } = metadata;
  const [name] = component['bom-ref'].split('@');
  return { ...rest, metadata: { ...others, component: { ...component, name, type: 'application' } } };
}

/** The same document without packages that a lock file has for other systems, or that were removed. **Shape**: `refs` as `name@version`. */
export function onlyInstalled({ components, dependencies, ...rest }, refs) {
  const kept = components.filter((component) => refs.has(component['bom-ref']));
  const known = new Set([
    rest.metadata.component['bom-ref'],
    ...kept.map((component) => component['bom-ref']),
  ]);
  const edges = dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => known.has(other)) }));
  return { ...rest, components: kept, dependencies: edges };
}

function installedPackages() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const installed = Object.entries(packages).filter(
    ([path]) => path !== '' && existsSync(`${path}/package.json`),
  );
  return new Set(
    installed.map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
  );
}

if (import.meta.filename === process.argv[1]) {
  const target = process.argv[2] ?? 'sbom.cdx.json';
  // By the lock file: of packages as they lie there npm tells only where those for development are, too.
  const made = spawnSync(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (made.status !== 0) throw new Error(`npm sbom failed: ${made.stderr}`);
  const document = onlyInstalled(reproducible(JSON.parse(made.stdout)), installedPackages());
  const counts = new Map();
  for (const licence of document.components.flatMap(licencesOf)) {
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  const list = [...counts].toSorted(([, a], [, b]) => b - a).map(([licence, count]) => `${licence} ${count}`);
  console.log(`${document.components.length} packages: ${list.join(', ')}`);
  writeFileSync(target, `${JSON.stringify(document, null, 2)}\n`);
  const problems = licenceProblems(document.components);
  for (const problem of problems) console.error(`${problem}: see AGREED in scripts/image/sbom.mjs`);
  if (problems.length > 0) process.exitCode = 1;
}
