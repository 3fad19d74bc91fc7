import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Bench } from '../bench.types.js';
import type { PriceFile } from '../files/price-files.js';
import { runProgram } from './run-program.js';
import { COMMAND_LINE, serviceEnvironment, type SignedInService } from './service.js';

/** What an import says of itself, as far as it is checked here. */
interface Report {
  readonly inserted: number;
  readonly unchanged: number;
}

/** What is imported, and what must come of it: a fast import of nothing would not count. */
export interface ImportJob {
  readonly file: PriceFile;
  /** Options of the command line, which are those of the query too. */
  readonly options: Readonly<Record<string, string>>;
  readonly expected: 'inserted' | 'unchanged';
}

/** **Units**: seconds of the whole process. **Errors**: when it did not do what was expected. */
export async function importByCommandLine(bench: Bench, database: string, job: ImportJob): Promise<number> {
  const options = Object.entries(job.options).flatMap(([name, value]) =>
    value === 'true' ? [`--${name}`] : [`--${name}`, value],
  );
  const args = [COMMAND_LINE, 'import', job.file.path, ...options, '--json'];
  const { output, seconds } = await runProgram(process.execPath, args, serviceEnvironment(bench, database));
  requireReport(JSON.parse(output) as Report, job);
  return seconds;
}

/** **Units**: seconds from the first byte sent to the end of the answer. **Errors**: as {@link importByCommandLine}. */
export async function importOverHttp(service: SignedInService, job: ImportJob): Promise<number> {
  const { symbol, ...query } = job.options;
  const path = symbol === undefined ? '/v1/stock-data' : `/v1/stocks/${symbol}/data`;
  const startedAt = performance.now();
  const headers = { ...service.headers, 'content-type': 'text/csv', 'content-length': job.file.bytes };
  const upload = request(`${service.url}${path}?${new URLSearchParams(query).toString()}`, {
    method: 'POST',
    headers,
  });
  const answered = new Promise<string>((resolve, reject) => {
    upload.once('error', reject);
    upload.once('response', (response) => void text(response).then(resolve, reject));
  });
  await pipeline(createReadStream(job.file.path, { highWaterMark: 256 * 1024 }), upload);
  const answer = await answered;
  const seconds = (performance.now() - startedAt) / 1000;
  requireReport(JSON.parse(answer) as Report, job);
  return seconds;
}

function requireReport(report: Report, { file, expected }: ImportJob): void {
  if (report[expected] === file.rows) return;
  throw new Error(`expected ${file.rows} ${expected}, got ${JSON.stringify(report).slice(0, 500)}`);
}
