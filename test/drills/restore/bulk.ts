import type { RunningService } from './running-service.js';

const BARS_PER_FILE = 500_000;
const FIRST = Date.UTC(2005, 0, 3);

/** Imports minute bars, file by file, until the store weighs about so much. **Shape**: how many bars. */
export async function fillStore(
  service: RunningService,
  input: {
    readonly bytes: number;
    readonly weigh: () => Promise<number>;
    readonly say: (line: string) => void;
  },
): Promise<number> {
  let bars = 0;
  for (let file = 0; (await input.weigh()) < input.bytes; file++) {
    const symbol = `BULK${file}`;
    await service.must('POST', '/v1/stocks', { symbol });
    await service.must('POST', `/v1/stocks/${symbol}/data?interval=1m`, minutes(file));
    bars += BARS_PER_FILE;
    input.say(`imported ${bars} bars`);
  }
  return bars;
}

/** A file of minute bars, each a little other than the one before it. */
function minutes(seed: number): string {
  const lines: string[] = ['Timestamp,Open,High,Low,Close,Volume'];
  let cents = 5_000 + seed * 37;
  for (let n = 0; n < BARS_PER_FILE; n++) {
    cents += ((n * 7 + seed) % 13) - 6;
    const close = (Math.max(cents, 200) / 100).toFixed(2);
    const high = (Math.max(cents, 200) / 100 + 0.5).toFixed(2);
    const low = (Math.max(cents, 200) / 100 - 0.5).toFixed(2);
    const at = new Date(FIRST + n * 60_000).toISOString().replace('.000Z', 'Z');
    lines.push(`${at},${close},${high},${low},${close},${1_000 + (n % 977)}`);
  }
  return `${lines.join('\n')}\n`;
}
