import { join } from 'node:path';
import type { Experiment } from '../bench.types.js';
import { dailyFile } from '../files/price-files.js';
import { importOverHttp } from '../processes/import-file.js';
import { startService } from '../processes/service.js';

const DATABASE = 'bench_memory';
/** **Units**: stocks of 5,000 days each, of about 63 bytes a line: 500 MB. */
const STOCKS = 1_580;

/** Memory must not grow with the file: the most that the service ever held while it took in half a gigabyte over HTTP. */
export const memory: Experiment = {
  full: true,
  lines: [
    {
      key: 'memory',
      title: 'peak memory of the service, import of a 500 MB file over HTTP',
      unit: 'MB',
      measure: 'value',
      target: { atMost: 250 },
    },
  ],
  async run(bench) {
    const file = await dailyFile(join(bench.directory, 'large.csv'), {
      stocks: bench.quick ? 158 : STOCKS,
      days: 5_000,
    });
    bench.say(`importing ${(file.bytes / 1e6).toFixed(0)} MB`);
    await bench.server.createDatabase(DATABASE);
    bench.defer(() => bench.server.dropDatabase(DATABASE));
    const service = await startService(bench, DATABASE);
    const seconds = await importOverHttp(service, {
      file,
      options: { track: 'true' },
      expected: 'inserted',
    });
    bench.say(`${Math.round(file.rows / seconds)} rows/s`);
    const peak = await service.process.peakMemory();
    if (peak === null) throw new Error('this system does not say how much memory a process held');
    return new Map([['memory', [{ ours: peak / 1e6, yardstick: null }]]]);
  },
};
