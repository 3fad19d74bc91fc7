import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  collect,
  DAILY_CSV,
  endless,
  generatedCsv,
  inChunks,
  type Tap,
} from '../../../test/factories/price-files.js';
import { DomainError } from '../../common/errors.js';
import { parseCsv } from './parse-csv.js';
import { parseJsonArray } from './parse-json-array.js';
import { parseNdjson } from './parse-ndjson.js';
import type { ParseOptions } from '../../bars/bar.types.js';

// The only way to a collection on demand without a flag on the command line.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const OPTIONS: ParseOptions = { interval: '1d', dateFormat: undefined, symbol: 'AAPL' };
const MIB = 1024 * 1024;

const NDJSON = '{"date":"2020-01-02","close":1}\n{"date":"2020-01-03","close":2}\n';
const JSON_ARRAY = '[{"date":"2020-01-02","close":1},\n{"date":"2020-01-03","close":2}]';
const PARSERS = [
  ['CSV', parseCsv, DAILY_CSV],
  ['NDJSON', parseNdjson, NDJSON],
  ['JSON', parseJsonArray, JSON_ARRAY],
] as const;

async function refusal(parsed: AsyncIterable<{ rows: object[]; errors: object[] }>): Promise<DomainError> {
  const error: unknown = await collect(parsed).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DomainError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

describe.each(PARSERS)('a %s file', (_name, parse, good) => {
  const refused = (content: string | Buffer, chunkSize?: number): Promise<DomainError> =>
    refusal(parse(inChunks(content, chunkSize), OPTIONS));

  it('is accepted when it is good (the control of what follows)', async () => {
    const { rows, errors } = await collect(parse(inChunks(good), OPTIONS));
    expect(errors).toEqual([]);
    expect(rows.length).toBeGreaterThan(1);
    expect(await collect(parse(inChunks(`\ufeff${good}`, 1), OPTIONS))).toEqual({ rows, errors });
  });

  it.each([
    ['UTF-16 with its mark', Buffer.from(`\ufeff${good}`, 'utf16le')],
    ['UTF-16 without', Buffer.from(good, 'utf16le')],
    ['big-endian UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le').swap16()],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0])],
    ['a zip archive', Buffer.from('PK\x03\x04....')],
  ])('in truth %s is told from text', async (_kind, bytes) => {
    for (const size of [1, 3, 4, 100_000])
      expect(await refused(bytes, size)).toMatchObject({ code: 'import-encoding' });
  });

  it.each([
    ['Latin-1', Buffer.from([0xe9])],
    ['a cut sequence', Buffer.from([0xc3])],
    ['an overlong form', Buffer.from([0xc0, 0xaf])],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
    ['NUL', Buffer.from([0])],
  ])('with %s in it is refused with the place', async (_kind, bad) => {
    const lineBreak = good.indexOf('\n') + 1;
    const where = good.indexOf('20-01', lineBreak);
    const bytes = Buffer.concat([Buffer.from(good.slice(0, where)), bad, Buffer.from(good.slice(where))]);
    for (const size of [1, 5, 100_000]) {
      expect(await refused(bytes, size)).toMatchObject({
        code: 'import-encoding',
        extra: { details: { line: expect.any(Number) } },
      });
    }
    if (parse !== parseJsonArray)
      expect(await refused(bytes)).toMatchObject({ extra: { details: { line: 2 } } });
  });

  it('may hold any other character, in any chunking, without harm', async () => {
    const odd = good.replaceAll('2020-01-03', '\u202e\u{1f4c8}é');
    for (const size of [1, 2, 3, 4, 5, 100_000]) {
      const { errors } = await collect(parse(inChunks(odd, size), OPTIONS));
      expect(errors).toHaveLength(1);
      expect(JSON.stringify(errors)).not.toMatch(/[\u202e]/);
    }
  });

  it('with one line of 100 MB is refused after its first 64 KiB', async () => {
    const beginning = good.slice(0, good.indexOf('2020-01-03'));
    for (const filler of ['9', ',', ' ', '"', '[', 'é', '\\']) {
      const tap: Tap = { taken: 0 };
      const error = await refusal(parse(endless(beginning, filler, 100 * MIB, tap), OPTIONS));
      expect(error).toMatchObject({ code: 'import-syntax' });
      expect(tap.taken).toBeLessThanOrEqual(256 * 1024);
    }
  });

  it('of nothing is called empty', async () => {
    for (const nothing of ['', '\ufeff'])
      expect(await refused(nothing)).toMatchObject({ code: 'import-empty' });
  });
});

describe('quotes in a CSV file', () => {
  const csv = (row: string): string => `Date,Close,Note\n2020-01-02,1,x\n\n${row}\n2020-01-06,3,x\n`;

  it.each([
    ['never closed', csv('2020-01-03,2,"open'), 4],
    ['closed in the middle of a field', csv('2020-01-03,2,"a"b'), 4],
    ['opened in the middle of a field', csv('2020-01-03,2,a"b"'), 4],
  ])('%s are refused with the line of their record', async (_name, content, line) => {
    const error = await refusal(parseCsv(inChunks(content), OPTIONS));
    expect(error).toMatchObject({ code: 'import-syntax', extra: { details: { line } } });
  });

  it('never closed in a large file are refused after 64 KiB, not at its end', async () => {
    const tap: Tap = { taken: 0 };
    const error = await refusal(
      parseCsv(endless('Date,Close\n2020-01-02,"1\n', 'x\n', 100 * MIB, tap), OPTIONS),
    );
    expect(error).toMatchObject({
      code: 'import-syntax',
      message: expect.stringContaining('quote'),
      extra: { details: { line: 2 } },
    });
    expect(tap.taken).toBeLessThanOrEqual(256 * 1024);
  });
});

describe('a million columns', () => {
  it('are refused as header and as record', async () => {
    const commas = ','.repeat(1_000_000);
    for (const content of [`Date,Close${commas}\n`, `Date,Close\n2020-01-02,1${commas}\n`]) {
      expect(await refusal(parseCsv(inChunks(content), OPTIONS))).toMatchObject({ code: 'import-syntax' });
    }
  });

  it('that just fit a record are one row error, quickly', async () => {
    const content = `Date,Close\n2020-01-02,1${','.repeat(60_000)}\n${`2020-01-02,${' '.repeat(60_000)}x\n`.repeat(20)}`;
    const { errors } = await collect(parseCsv(inChunks(content), OPTIONS));
    expect(errors).toHaveLength(21);
  });
});

describe.each(PARSERS)('memory of the %s parser', (name, parse, _good) => {
  it('does not grow with the file, and the consumer sets the pace', async () => {
    const tap: Tap = { taken: 0 };
    const options: ParseOptions = { ...OPTIONS, interval: '1m' };
    let rows = 0;
    let given = 0;
    const live: number[] = [];
    for await (const batch of parse(tapped(generatedBars(name, 50_000), tap), options)) {
      expect(batch.errors).toEqual([]);
      rows += batch.rows.length;
      given += 1;
      // Never more than a chunk is taken ahead of what was given out.
      expect(tap.taken - batch.bytesRead).toBeLessThanOrEqual(256 * 1024);
      if (given % 12 === 1) live.push(liveBytes());
    }
    expect(rows).toBe(50_000);
    expect(live.length).toBeGreaterThan(2);
    // The rows of this file, kept, would be about 15 MB (control below).
    expect(Math.max(...live.slice(1)) - (live[0] ?? 0)).toBeLessThan(4 * MIB);
  });
});

describe('the measure of live memory', () => {
  it('sees rows that are kept', async () => {
    const before = liveBytes();
    const { rows } = await collect(parseCsv(generatedCsv(50_000), { ...OPTIONS, interval: '1m' }));
    expect(liveBytes() - before).toBeGreaterThan(8 * MIB);
    expect(rows).toHaveLength(50_000);
  });
});

/** What is still referenced, right after a collection. **Units**: bytes. */
function liveBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function* tapped(source: AsyncIterable<Buffer>, tap: Tap): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    tap.taken += chunk.length;
    yield chunk;
  }
}

/** The same bars in each format, made as they are read. */
async function* generatedBars(format: 'CSV' | 'NDJSON' | 'JSON', rows: number): AsyncGenerator<Buffer> {
  if (format === 'CSV') {
    yield* generatedCsv(rows);
    return;
  }
  let separator = format === 'JSON' ? '[' : '';
  for await (const chunk of generatedCsv(rows)) {
    const bars = chunk
      .toString()
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('D'));
    const texts = bars.map((line) => {
      const [ts, open, high, low, close, adjClose, volume] = line.split(',');
      return JSON.stringify({ ts, open, high, low, close, adjClose, volume: Number(volume) });
    });
    if (texts.length === 0) continue;
    yield Buffer.from(separator + texts.join(format === 'JSON' ? ',' : '\n'));
    separator = format === 'JSON' ? ',' : '\n';
  }
  if (format === 'JSON') yield Buffer.from(']');
}
