import { describe, expect, it } from '@jest/globals';
import { collect, inChunks } from '../../../test/factories/price-files.js';
import { parseJsonArray } from './parse-json-array.js';
import { parseNdjson } from './parse-ndjson.js';
import type { ParsedRow, ParseOptions, RowError } from '../../bars/bar.types.js';

const DAILY: ParseOptions = { interval: '1d', dateFormat: undefined, symbol: 'AAPL' };
const MANY: ParseOptions = { interval: '1d', dateFormat: undefined };

type Parsed = { rows: ParsedRow[]; errors: RowError[] };
type Parse = (items: string[], options?: ParseOptions, chunkSize?: number) => Promise<Parsed>;

const asLines: Parse = (items, options = DAILY, chunkSize) =>
  collect(parseNdjson(inChunks(`${items.join('\n')}\n`, chunkSize), options));
const asArray: Parse = (items, options = DAILY, chunkSize) =>
  collect(parseJsonArray(inChunks(`[ ${items.join(',\n ')} ]\n`, chunkSize), options));

const GOOD =
  '{"date":"2020-01-02","open":100,"high":"110.50","low":99.250,"close":105.123456789012345678,"adjClose":null,"volume":9007199254740993}';

describe.each([
  ['one object a line', asLines],
  ['one array', asArray],
] as const)('bars as %s', (_name, parse) => {
  it('keep every digit of numbers and decimal texts', async () => {
    const expected = {
      line: 1,
      symbol: null,
      local: '2020-01-02 00:00:00',
      instant: null,
      open: '100',
      high: '110.5',
      low: '99.25',
      close: '105.123456789012345678',
      adjClose: null,
      volume: '9007199254740993',
    };
    for (const size of [1, 2, 7, 64, undefined]) {
      expect(await parse([GOOD], DAILY, size)).toEqual({ rows: [expected], errors: [] });
    }
  });

  it('may give instants, and local times for the time zone to be applied later', async () => {
    const options: ParseOptions = { ...DAILY, interval: '1h' };
    const instant = await parse(['{"ts":"2020-01-02T14:30:00Z","close":1}'], options);
    expect(instant.rows).toMatchObject([{ instant: '2020-01-02T14:30:00Z', local: null }]);
    const local = await parse(['{"ts":"2020-01-02 14:30","close":1}'], options);
    expect(local.rows).toMatchObject([{ instant: null, local: '2020-01-02 14:30:00' }]);
  });

  it('name their symbol when the file is for many', async () => {
    expect((await parse(['{"date":"2020-01-02","close":1,"symbol":"msft"}'], MANY)).rows).toMatchObject([
      { symbol: 'MSFT' },
    ]);
    expect((await parse(['{"date":"2020-01-02","close":1}'], MANY)).errors).toMatchObject([
      { field: 'symbol' },
    ]);
    expect((await parse(['{"date":"2020-01-02","close":1,"symbol":"aapl"}'])).rows).toMatchObject([
      { symbol: null },
    ]);
    expect((await parse(['{"date":"2020-01-02","close":1,"symbol":"MSFT"}'])).errors).toMatchObject([
      { field: 'symbol' },
    ]);
    expect((await parse(['{"date":"2020-01-02","close":1,"symbol":"A\\ud800"}'], MANY)).errors).toMatchObject(
      [{ field: 'symbol' }],
    );
  });

  it.each([
    ['{"date":"2020-01-02"}', 'close', 'is missing'],
    ['{"close":1}', 'date', 'is missing'],
    ['{"date":"2020-01-02","close":null}', 'close', 'is missing'],
    ['{"date":"2020-01-02","close":1e5}', 'close', 'plain decimal'],
    ['{"date":"2020-01-02","close":1E400}', 'close', 'plain decimal'],
    ['{"date":"2020-01-02","close":-0}', 'close', 'must not be negative'],
    ['{"date":"2020-01-02","close":-1}', 'close', 'must not be negative'],
    ['{"date":"2020-01-02","close":"NaN"}', 'close', 'plain decimal'],
    ['{"date":"2020-01-02","close":""}', 'close', 'empty text'],
    ['{"date":"2020-01-02","close":" 1"}', 'close', 'plain decimal'],
    ['{"date":"2020-01-02","close":true}', 'close', 'not true'],
    ['{"date":"2020-01-02","close":[1]}', 'close', 'not an array'],
    ['{"date":"2020-01-02","close":{"a":1}}', 'close', 'not an object'],
    ['{"date":20200102,"close":1}', 'date', 'must be a text, not a number'],
    ['{"date":null,"close":1}', 'date', 'must be a text, not null'],
    ['{"date":"2020-01-02","close":1,"volume":1.5}', 'volume', 'whole number'],
    ['{"date":"2020-01-02","close":1,"low":2}', 'close', 'is below the low'],
    ['{"date":"2020-01-02","close":1,"Close":2}', 'Close', 'is not a field of a bar'],
    ['{"date":"2020-01-02","close":1,"__proto__":2}', '__proto__', 'is not a field of a bar'],
    ['{"date":"2020-01-02","close":1,"a\\u202eb\\u0000":2}', 'a\ufffdb\ufffd', 'is not a field of a bar'],
    ['{"date":"2020-01-02","ts":"2020-01-02T00:00Z","close":1}', 'ts', 'beside date'],
    ['{"date":"2020-01-02\\u0000","close":1}', 'date', 'is not a date'],
    ['[1,2]', 'row', 'is not a JSON object'],
    ['"text"', 'row', 'is not a JSON object'],
    ['7', 'row', 'is not a JSON object'],
    ['null', 'row', 'is not a JSON object'],
  ])('refuse %s', async (item, field, message) => {
    const { rows, errors } = await parse([GOOD, item, GOOD]);
    expect(errors).toEqual([{ line: 2, field, message: expect.stringContaining(message) }]);
    expect(rows.map(({ line }) => line)).toEqual([1, 3]);
  });

  it('refuse a field that is given twice, whatever the texts around it look like', async () => {
    const twice = '{"date":"2020-01-02","close":1,"close":2}';
    expect((await parse([twice])).errors).toMatchObject([
      { line: 1, message: expect.stringContaining('twice') },
    ]);
    const escaped = '{"date":"2020-01-02","close":1,"cl\\u006fse":2}';
    expect((await parse([escaped])).errors).toMatchObject([
      { line: 1, message: expect.stringContaining('twice') },
    ]);
    const once = '{"date":"2020-01-02","close":1,"symbol":"\\":{\\"close\\":["}';
    expect((await parse([once])).errors).toMatchObject([{ field: 'symbol' }]);
  });

  it('report no more than twenty problems of one object', async () => {
    const fields = Array.from({ length: 3_000 }, (_, index) => `"x${index}":1`).join(',');
    expect((await parse([`{${fields}}`])).errors).toHaveLength(20);
  });

  it('may be nested a few levels deep without harm', async () => {
    const nested = `{"date":"2020-01-02","close":${'['.repeat(20)}1e999${']'.repeat(20)}}`;
    expect((await parse([nested, GOOD])).errors).toMatchObject([{ line: 1, field: 'close' }]);
  });
});

describe('lines', () => {
  it('may be blank and end with CRLF, and still count', async () => {
    const { rows } = await collect(parseNdjson(inChunks(`\r\n${GOOD}\r\n\r\n${GOOD}`), DAILY));
    expect(rows.map(({ line }) => line)).toEqual([2, 4]);
  });

  it('that are no JSON are row errors, because the next line is readable', async () => {
    const { rows, errors } = await asLines([
      '{"date":',
      GOOD,
      '{"date":"2020-01-02","close":01}',
      '{"a":1} {"b":2}',
      '[]x',
    ]);
    expect(rows).toHaveLength(1);
    expect(errors).toEqual(
      [1, 3, 4, 5].map((line) => ({ line, field: 'row', message: 'is not valid JSON' })),
    );
  });

  it('nested as deep as they can be are row errors as well', async () => {
    for (const line of [
      `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
      `{"close":${'['.repeat(30_000)}`,
      '{"a":'.repeat(10_000),
    ]) {
      expect((await asLines([line])).errors).toMatchObject([{ line: 1 }]);
    }
  });

  it('that are all blank make an empty file', async () => {
    await expect(asLines(['', ' '])).rejects.toMatchObject({ code: 'import-empty' });
  });
});

describe('an array', () => {
  const refused = (content: string): Promise<unknown> =>
    collect(parseJsonArray(inChunks(content), DAILY)).then(
      () => 'accepted',
      (error: unknown) => error,
    );

  it.each([
    [`[${GOOD}`, 2],
    [`[${GOOD},`, 2],
    [`[${GOOD}}`, 2],
    [`[${GOOD}] x`, 2],
    [`[${GOOD}][]`, 2],
    [`[${GOOD} ${GOOD}]`, 2],
    ['[{"date":"2020-01-02","close":NaN}]', 1],
    ['[{"date":"2020-01-02","close":01}]', 1],
    ["[{'date':'2020-01-02'}]", 1],
    ['{"error":"limit reached"}', 1],
    ['"text"', 1],
    ['Exceeded the daily hits limit', 1],
    [`[${'['.repeat(40)}`, 1],
    [`[{"close":${'{"a":'.repeat(100_000)}`, 1],
  ])('that is broken or none is refused with the item', async (content, line) => {
    expect(await refused(content)).toMatchObject({ code: 'import-syntax', extra: { details: { line } } });
  });

  it('without items is empty', async () => {
    expect(await refused('[ ]')).toMatchObject({ code: 'import-empty' });
  });

  it('of many items comes out whole and in order', async () => {
    const items = Array.from({ length: 5_000 }, (_, index) => `{"date":"2020-01-02","close":${index + 1}.5}`);
    const { rows, errors } = await asArray(items);
    expect(errors).toEqual([]);
    expect(rows.map(({ line, close }) => [line, close])).toEqual(
      items.map((_, index) => [index + 1, `${index + 1}.5`]),
    );
  });
});
