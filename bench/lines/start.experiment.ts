import type { Experiment, Sample } from '../bench.types.js';
import { HttpProcess } from '../processes/http-process.js';
import { startService } from '../processes/service.js';

const DATABASE = 'bench_start';

/** From the start of the process to the first good answer of `/readyz`, on an external database whose schema is current. */
export const start: Experiment = {
  full: false,
  lines: [
    {
      key: 'start',
      title: 'start to ready: ours - a bare Nest application',
      unit: 's',
      measure: 'difference',
      target: { atMost: 1 },
    },
  ],
  async run(bench) {
    await bench.server.createDatabase(DATABASE);
    bench.defer(() => bench.server.dropDatabase(DATABASE));
    const samples: Sample[] = [];
    // One more than counted: the first start of each reads its files from the disk.
    for (let round = -1; round < (bench.quick ? 2 : 7); round++) {
      const { process: service } = await startService(bench, DATABASE);
      await service.stop();
      const bare = await HttpProcess.start(bench, {
        name: 'bare-nest',
        script: bench.yardstick('bare-nest'),
        env: {},
        readyPath: '/readyz',
      });
      await bare.stop();
      if (round >= 0) samples.push({ ours: service.secondsToReady, yardstick: bare.secondsToReady });
    }
    return new Map([['start', samples]]);
  },
};
