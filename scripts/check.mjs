/**
 * Every gate that needs no database, two at a time; says of each failure which command shows or mends it.
 *
 * **Why** a script: run one after the other by npm, the same gates take twice as long and stop at the first failure.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

const GATES = [
  { name: 'unit tests', script: 'test:unit', mend: 'npm run test:unit -- <file> runs one of them alone' },
  {
    name: 'lint',
    script: 'lint',
    mend: 'npm run lint -- --fix mends what it can; the rest names its reason',
  },
  { name: 'types', script: 'typecheck', mend: 'npm run typecheck shows them again' },
  {
    name: 'ranks',
    script: 'ranks',
    mend: 'npm run ranks shows them again; the reasons stand in .dependency-cruiser.mjs',
  },
  { name: 'format', script: 'format:check', mend: 'npm run format' },
];

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

async function run({ name, script, mend }) {
  const startedAt = performance.now();
  const gate = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  gate.stdout.on('data', (chunk) => output.push(chunk));
  gate.stderr.on('data', (chunk) => output.push(chunk));
  const [status] = await once(gate, 'close');
  if (status === 0) {
    console.log(`✓ ${name} (${seconds(startedAt)})`);
    return true;
  }
  console.log(`${Buffer.concat(output)}\n✗ ${name} (${seconds(startedAt)}): ${mend}`);
  return false;
}

const startedAt = performance.now();
const waiting = [...GATES];
const failed = [];
const worker = async () => {
  for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) {
    if (!(await run(gate))) failed.push(gate.name);
  }
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
console.log(
  failed.length === 0 ? `All gates passed in ${seconds(startedAt)}.` : `Failed: ${failed.join(', ')}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
