/**
 * Checks rendered manifests: that the API of Kubernetes knows every field, and what this project asks of its pods and policies.
 *
 * Usage: `node --import @swc-node/register/esm-register scripts/kubernetes/validate.ts <file...>`, each file what `kustomize build` wrote.
 * Exit status 1 and a line for each problem.
 */
import { readFileSync } from 'node:fs';
import { readManifests } from './manifest.js';
import { typeProblems } from './manifest-types.js';
import { networkProblems } from './network-rules.js';
import { podProblems } from './pod-rules.js';

const files = process.argv.slice(2);
if (files.length === 0) throw new Error('Which files?');
for (const file of files) {
  const manifests = readManifests(readFileSync(file, 'utf8'));
  const problems = [...typeProblems(manifests), ...podProblems(manifests), ...networkProblems(manifests)];
  for (const problem of problems) console.error(`${file}: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else
    console.log(`${file}: ${manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ')}`);
}
