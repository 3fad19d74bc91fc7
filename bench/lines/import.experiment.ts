import { join } from 'node:path';
import type { Bench, Experiment, Sample } from '../bench.types.js';
import { CopyIn, PLAIN_TABLES } from '../database/copy-in.js';
import { emptyStore } from '../database/seed.queries.js';
import { dailyFile, minuteFile, type PriceFile } from '../files/price-files.js';
import { importByCommandLine, importOverHttp, type ImportJob } from '../processes/import-file.js';
import { startService, type SignedInService } from '../processes/service.js';

const DATABASE = 'bench_import';
const SYMBOL = 'BENCH';

interface Subject {
  readonly name: 'minute' | 'daily';
  readonly options: Readonly<Record<string, string>>;
  file(bench: Bench): Promise<PriceFile>;
}

/** Minute bars of one stock, a million of them. */
const MINUTES: Subject = {
  name: 'minute',
  options: { symbol: SYMBOL, interval: '1m' },
  file: (bench) => minuteFile(join(bench.directory, 'minutes.csv'), bench.quick ? 50_000 : 1_000_000),
};

/** Daily bars of two hundred stocks, a million in all. */
const DAYS: Subject = {
  name: 'daily',
  options: { track: 'true' },
  file: (bench) =>
    dailyFile(join(bench.directory, 'days.csv'), { stocks: 200, days: bench.quick ? 250 : 5_000 }),
};

/** **Units**: seconds. */
interface Round {
  readonly copy: number;
  readonly commandLine: number;
  readonly again: number;
  readonly http: number;
}

function experiment(subject: Subject): Experiment {
  const { name } = subject;
  const files =
    name === 'minute' ? '1,000,000 minute bars of one stock' : '1,000,000 daily bars of 200 stocks';
  const rate = { unit: 'rows/s', measure: 'ratio' } as const;
  return {
    full: false,
    lines: [
      { key: `import-${name}`, title: `${files}, command line / \\copy`, ...rate, target: { atLeast: 0.45 } },
      { key: `import-${name}-http`, title: `${files}, HTTP / \\copy`, ...rate, target: { atLeast: 0.4 } },
      {
        key: `import-${name}-again`,
        title: `${files}, again and unchanged / first time`,
        unit: 's',
        measure: 'ratio',
        target: { atMost: 0.8 },
      },
    ],
    async run(bench) {
      const { server } = bench;
      const file = await subject.file(bench);
      const copyIn = await CopyIn.find();
      bench.say(
        `${(file.bytes / 1e6).toFixed(0)} MB; the yardstick is ${copyIn.program ?? 'COPY over the driver'}`,
      );
      await server.createDatabase(DATABASE);
      bench.defer(() => server.dropDatabase(DATABASE));
      await server.run(DATABASE, PLAIN_TABLES[name], 'grant all on plain_copy to stockroom_app');
      const service = await startService(bench, DATABASE);
      const rounds: Round[] = [];
      for (let round = 0; round < (bench.quick ? 1 : 5); round++) {
        rounds.push(await measure(bench, { service, copyIn, file, options: subject.options }));
        bench.say(describe(rounds.at(-1)));
      }
      const rates = (way: 'commandLine' | 'http'): Sample[] =>
        rounds.map((seconds) => ({ ours: file.rows / seconds[way], yardstick: file.rows / seconds.copy }));
      return new Map([
        [`import-${name}`, rates('commandLine')],
        [`import-${name}-http`, rates('http')],
        [
          `import-${name}-again`,
          rounds.map(({ again, commandLine }) => ({ ours: again, yardstick: commandLine })),
        ],
      ]);
    },
  };
}

/** One round, every load into empty tables and behind a checkpoint, so that none pays for what another left behind. */
async function measure(
  bench: Bench,
  input: {
    service: SignedInService;
    copyIn: CopyIn;
    file: PriceFile;
    options: Readonly<Record<string, string>>;
  },
): Promise<Round> {
  const { service, copyIn, file, options } = input;
  const { server } = bench;
  const empty = (): Promise<void> => server.run(DATABASE, ...emptyStore(SYMBOL), 'checkpoint');
  const job = (expected: ImportJob['expected']): ImportJob => ({ file, options, expected });
  await server.run(DATABASE, 'truncate plain_copy', 'checkpoint');
  const copy = await copyIn.seconds(server.connection(DATABASE, 'app'), file.path);
  await server.run(DATABASE, 'truncate plain_copy');
  await empty();
  const commandLine = await importByCommandLine(bench, DATABASE, job('inserted'));
  await server.run(DATABASE, 'checkpoint');
  const again = await importByCommandLine(bench, DATABASE, job('unchanged'));
  await empty();
  const http = await importOverHttp(service, job('inserted'));
  return { copy, commandLine, again, http };
}

function describe(round: Round | undefined): string {
  return Object.entries(round ?? {})
    .map(([name, seconds]: [string, number]) => `${name} ${seconds.toFixed(2)} s`)
    .join(', ');
}

export const importMinutes = experiment(MINUTES);
export const importDays = experiment(DAYS);
