import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Bench, Experiment, Sample } from './bench.types.js';
import { BenchServer } from './database/bench-server.js';
import { asOf } from './lines/as-of.experiment.js';
import { importDays, importMinutes } from './lines/import.experiment.js';
import { latest } from './lines/latest.experiment.js';
import { memory } from './lines/memory.experiment.js';
import { messages } from './lines/messages.experiment.js';
import { start } from './lines/start.experiment.js';
import { tenMillion } from './lines/ten-million.experiment.js';
import { judge, table, type Outcome } from './report.js';
import { buildYardsticks } from './yardsticks/build-yardsticks.js';

const EXPERIMENTS: readonly Experiment[] = [
  latest,
  asOf,
  messages,
  importMinutes,
  importDays,
  start,
  tenMillion,
  memory,
];
const KEYS = EXPERIMENTS.flatMap(({ lines }) => lines.map(({ key }) => key));
const ROOT = join(import.meta.dirname, '..');

interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  readonly full: boolean;
  readonly only?: readonly string[];
}

type Undo = () => Promise<void>;

const program = new Command('bench')
  .description(
    'Measures the service beside yardsticks on this machine. Being slow is no failure; breaking is.',
  )
  .option('--json', 'print the figures as one JSON object', false)
  .option('--quick', 'small data and short rounds, to see that everything runs', false)
  .option('--full', 'also the lines that take minutes to seed', false)
  .option('--only <lines...>', `only these: ${KEYS.join(', ')}`)
  .showHelpAfterError('(--help shows how)')
  .parse();

/** The experiments asked for. **Errors**: ends with a message for a line that there is not. */
function chosen({ only, full }: Options): readonly Experiment[] {
  const unknown = only?.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) program.error(`There is no line "${unknown}". Lines: ${KEYS.join(', ')}`);
  if (only === undefined) return EXPERIMENTS.filter((experiment) => full || !experiment.full);
  return EXPERIMENTS.filter(({ lines }) => lines.some(({ key }) => only.includes(key)));
}

async function undoAll(undos: Undo[]): Promise<void> {
  for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
    await undo().catch((error: unknown) => process.stderr.write(`cleaning up: ${String(error)}\n`));
  }
}

async function runExperiment(
  experiment: Experiment,
  base: Omit<Bench, 'defer'>,
  undos: Undo[],
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const [first] = experiment.lines;
  base.say(`# ${first?.key ?? ''}`);
  try {
    return await experiment.run({ ...base, defer: (undo) => void undos.push(undo) });
  } finally {
    await undoAll(undos);
  }
}

async function measure(options: Options, forAll: Undo[], forOne: Undo[]): Promise<readonly Outcome[]> {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/ensure-built.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('the service does not build');
  const yardsticks = await buildYardsticks();
  forAll.push(yardsticks.remove);
  const directory = await mkdtemp(join(tmpdir(), 'stockroom-bench-'));
  forAll.push(() => rm(directory, { recursive: true, force: true }));
  // Run as root, the server has another user's id, which must be able to enter.
  await chmod(directory, 0o755);
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const server = await BenchServer.start(directory);
  forAll.push(() => server.stop());
  const base = { server, directory, quick: options.quick, yardstick: yardsticks.path, say };
  const outcomes: Outcome[] = [];
  for (const experiment of chosen(options)) {
    const samples = await runExperiment(experiment, base, forOne);
    for (const line of experiment.lines) {
      if (options.only === undefined || options.only.includes(line.key))
        outcomes.push(judge(line, samples.get(line.key) ?? []));
    }
  }
  return outcomes;
}

async function main(): Promise<void> {
  const options = program.opts<Options>();
  const forAll: Undo[] = [];
  const forOne: Undo[] = [];
  const cleanUp = async (): Promise<void> => {
    await undoAll(forOne);
    await undoAll(forAll);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
  }
  try {
    const outcomes = await measure(options, forAll, forOne);
    const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model ?? '' };
    process.stdout.write(
      options.json ? `${JSON.stringify({ machine, outcomes }, null, 2)}\n` : `${table(outcomes)}\n`,
    );
  } finally {
    await cleanUp();
  }
}

await main();
