import { describe, expect, it } from '@jest/globals';
import { createReadStream, readFileSync } from 'node:fs';
import { collect, DAILY_CSV, inChunks, realFile } from '../../../test/factories/price-files.js';
import { DomainError } from '../../common/errors.js';
import { parseCsv } from './parse-csv.js';
import type { ParsedRow, ParseOptions, RowError } from '../../bars/bar.types.js';

const DAILY: ParseOptions = { interval: '1d', dateFormat: undefined, symbol: 'AAPL' };
const INTRADAY: ParseOptions = { ...DAILY, interval: '5m' };
const MANY: ParseOptions = { interval: '1d', dateFormat: undefined };

type Parsed = { rows: ParsedRow[]; errors: RowError[] };

const parse = (
  content: string | Buffer,
  options: ParseOptions = DAILY,
  chunkSize?: number,
): Promise<Parsed> => collect(parseCsv(inChunks(content, chunkSize), options));

/** Rows below the header `Date,Open,High,Low,Close,Volume`. */
const body = (...lines: string[]): string => ['Date,Open,High,Low,Close,Volume', ...lines, ''].join('\n');

async function refusal(content: string | Buffer, options: ParseOptions = DAILY): Promise<DomainError> {
  const error: unknown = await parse(content, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DomainError)) throw new Error(`expected a refusal, got ${String(error)}`);
  expect(error.kind).toBe('invalid');
  return error;
}

describe('a good file', () => {
  it('comes out as exact canonical texts with their lines', async () => {
    const { rows, errors } = await parse(DAILY_CSV);
    expect(errors).toEqual([]);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toEqual({
      line: 2,
      symbol: null,
      local: '2020-01-02 00:00:00',
      instant: null,
      open: '100',
      high: '110.5',
      low: '99.25',
      close: '105',
      adjClose: '104.9',
      volume: '1000',
    });
    expect(rows[2]?.line).toBe(4);
  });

  it.each([1, 2, 3, 7, 64])('is the same in chunks of %i bytes', async (size) => {
    const crlf = DAILY_CSV.replaceAll('\n', '\r\n');
    expect(await parse(crlf, DAILY, size)).toEqual(await parse(DAILY_CSV));
    expect(await parse(`\ufeff${DAILY_CSV}`, DAILY, size)).toEqual(await parse(DAILY_CSV));
  });

  it.each([
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('may end its lines with %s', async (_name, lineBreak) => {
    expect(await parse(DAILY_CSV.replaceAll('\n', lineBreak))).toEqual(await parse(DAILY_CSV));
  });

  it('may mix line ends, lack the last one and hold blank lines, and the lines still count', async () => {
    const content = '\n\r\nDate,Close\r\n2020-01-02,1\n\n,\n2020-01-03,2\r2020-01-06,3';
    const { rows, errors } = await parse(content);
    expect(errors).toEqual([]);
    expect(rows.map(({ line, close }) => [line, close])).toEqual([
      [4, '1'],
      [7, '2'],
      [8, '3'],
    ]);
  });

  it.each([
    ['semicolons', ';'],
    ['tabs', '\t'],
    ['bars', '|'],
  ])('may be separated by %s', async (_name, delimiter) => {
    expect(await parse(DAILY_CSV.replaceAll(',', delimiter))).toEqual(await parse(DAILY_CSV));
  });

  it('may have columns in any order, case and spacing, and others that are ignored', async () => {
    const { rows } = await parse(
      ' VOL , "adjusted_close" ,<CLOSE>,note,Time_Stamp\n7, 1.5 ,2, "a, b" , "2020-01-02"\n',
    );
    expect(rows).toMatchObject([
      { volume: '7', adjClose: '1.5', close: '2', local: '2020-01-02 00:00:00', open: null },
    ]);
  });

  it('counts line breaks inside quotes', async () => {
    const { rows } = await parse(
      'Date,Close,Note\n2020-01-02,1,"two\r\nlines"\n2020-01-03,2,"a\nb\nc"\n2020-01-06,3,x\n',
    );
    expect(rows.map(({ line }) => line)).toEqual([2, 4, 7]);
  });

  it('may have an empty column at the end, of the header or of its records', async () => {
    expect((await parse('Date,Close,\n2020-01-02,1,\n')).rows).toHaveLength(1);
    expect((await parse('Date,Close,\n2020-01-02,1\n')).rows).toHaveLength(1);
    expect((await parse('Date,Close\n2020-01-02,1,\n')).rows).toHaveLength(1);
  });

  it('may lack everything but the date and the close', async () => {
    const { rows } = await parse(body('2020-01-02,,,,1.50,'));
    expect(rows).toMatchObject([
      { open: null, high: null, low: null, adjClose: null, volume: null, close: '1.5' },
    ]);
  });
});

describe('the files of vendors', () => {
  it('reads US dates, dollar signs and thousands under a Close/Last header', async () => {
    const { rows, errors } = await parse(
      'Date,Close/Last,Volume,Open,High,Low\n1/3/2020,$102.5,"1,234,567",$101,$103.00,$100.1\n',
    );
    expect(errors).toEqual([]);
    expect(rows).toMatchObject([
      { local: '2020-01-03 00:00:00', close: '102.5', volume: '1234567', high: '103' },
    ]);
  });

  it('takes dollar signs and thousands nowhere else', async () => {
    const { errors } = await parse('Date,Close,Volume\n2020-01-03,$102.5,"1,234,567"\n');
    expect(errors.map(({ field }) => field)).toEqual(['close', 'volume']);
  });

  it('reads compact dates and times with a ticker that agrees', async () => {
    const content =
      '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\r\nAAPL.US,5,20260603,154500,1,2,1,2,10,0\r\n';
    const { rows } = await parse(content, { ...INTRADAY, symbol: 'AAPL.US' });
    expect(rows).toMatchObject([{ local: '2026-06-03 15:45:00', symbol: null, volume: '10' }]);
    const { errors } = await parse(content, INTRADAY);
    expect(errors).toMatchObject([{ line: 2, field: 'symbol' }]);
    expect(errors[0]?.message).toContain('AAPL.US');
  });

  it('takes columns with the prefix of the stock, and names any other prefix', async () => {
    const content = 'Date,aapl.Open,AAPL.Close,AAPL.Adjusted\n2020-01-02,1,2,2\n';
    expect((await parse(content)).rows).toMatchObject([{ open: '1', close: '2', adjClose: '2' }]);
    const gspc = content.replaceAll(/aapl/gi, 'GSPC');
    expect((await parse(gspc, { ...DAILY, symbol: '^GSPC' })).rows).toHaveLength(1);
    expect(await refusal(gspc)).toMatchObject({
      code: 'import-header',
      message: expect.stringContaining('"GSPC"'),
    });
    expect(await refusal(content, MANY)).toMatchObject({ code: 'import-header' });
  });

  it('reads the days of exchange-time stamps with an offset', async () => {
    const { rows } = await parse('Date,Close\n2020-01-02 00:00:00-05:00,1\n2020-07-02 00:00:00-04:00,2\n');
    expect(rows.map(({ local }) => local)).toEqual(['2020-01-02 00:00:00', '2020-07-02 00:00:00']);
  });

  it.each([
    ['Exceeded the daily hits limit\n', 'Exceeded the daily hits limit'],
    ['{"Information": "Please subscribe"}\n', 'Information'],
    ['<!DOCTYPE html><html>\u202e\u0007\n', '<!DOCTYPE html>'],
  ])('quotes an error text that came in place of a file', async (content, quoted) => {
    const error = await refusal(content);
    expect(error).toMatchObject({ code: 'import-header', extra: { details: { line: 1 } } });
    expect(error.message).toContain(quoted);
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(error.message.length).toBeLessThan(250);
  });
});

describe('a file of many stocks', () => {
  it.each(['Symbol', 'Ticker', 'Name', 'Stock'])('says which in its %s column', async (column) => {
    const { rows } = await parse(`Date,Close,${column}\n2020-01-02,1,aal\n2020-01-02,2,BRK.B\n`, MANY);
    expect(rows.map(({ symbol }) => symbol)).toEqual(['AAL', 'BRK.B']);
  });

  it('takes the name for a company when there is a ticker', async () => {
    const { rows } = await parse('Date,Close,Name,Ticker\n2020-01-02,1,Apple Inc.,AAPL\n', MANY);
    expect(rows).toMatchObject([{ symbol: 'AAPL' }]);
  });

  it.each(['../x', "';drop", 'A'.repeat(300), '', 'ÄÖ', 'A B'])(
    'refuses symbols that none can be',
    async (symbol) => {
      const { rows, errors } = await parse(`Date,Close,Symbol\n2020-01-02,1,"${symbol}"\n`, MANY);
      expect(rows).toEqual([]);
      expect(errors).toMatchObject([{ line: 2, field: 'symbol' }]);
    },
  );

  it('needs such a column', async () => {
    expect(await refusal('Date,Close\n2020-01-02,1\n', MANY)).toMatchObject({ code: 'import-header' });
  });

  it('is not taken for one stock: every row that disagrees is an error', async () => {
    const { rows, errors } = await parse('Date,Close,Name\n2020-01-02,1,aapl\n2020-01-02,2,MSFT\n');
    expect(rows).toHaveLength(1);
    expect(errors).toMatchObject([{ line: 3, field: 'symbol' }]);
  });
});

describe('a header that cannot be used', () => {
  it.each([
    ['Open,High\n1,2\n', 'no Date'],
    ['Date,Open\n2020-01-02,1\n', 'no Close'],
    ['2020-01-02,1,2,3,4\n', 'looks like data'],
    ['20200102,1,2,3,4\n', 'looks like data'],
    ['Date,"Close\n', 'is not closed'],
    ['Date,Timestamp,Close\n', 'both give the date'],
    ['Date,Close,CLOSE\n', 'both give the close'],
    ['Date,Close,Adj Close,Adjusted\n', 'both give the adjClose'],
    ['Date,Close,Close/Last\n', 'both give the close'],
    ['Date\n2020-01-02\n', 'no Close'],
  ])('is refused by name', async (content, message) => {
    expect(await refusal(content)).toMatchObject({
      code: 'import-header',
      message: expect.stringContaining(message),
      extra: { details: { line: 1 } },
    });
  });

  it('is found below blank lines, with its line', async () => {
    expect(await refusal('\n\r\n\nfoo,bar\n')).toMatchObject({ extra: { details: { line: 4 } } });
  });

  it.each([
    ['', 'empty'],
    ['\ufeff', 'empty'],
    ['\n \n\r\n', 'blank lines'],
    ['Date,Close\n', 'no records'],
    ['Date,Close\r\n\r\n,\r\n', 'no records'],
    ['Date,Close', 'no records'],
  ])('or a file without records is called empty', async (content, message) => {
    expect(await refusal(content)).toMatchObject({
      code: 'import-empty',
      message: expect.stringContaining(message),
    });
  });

  it('in the middle of the file is an error of that line', async () => {
    const { rows, errors } = await parse(`${DAILY_CSV}${DAILY_CSV}`);
    expect(rows).toHaveLength(6);
    expect(errors).toEqual([{ line: 5, field: 'row', message: 'is the header line again' }]);
  });
});

describe('bad rows', () => {
  it.each([
    ['2020-01-02,1,2,1,,5', 'close', 'is missing'],
    [',1,2,1,1,5', 'date', 'is missing'],
    ['2020-02-30,1,2,1,1,5', 'date', 'is not a day of the calendar'],
    ['2020-01-02,NaN,2,1,1,5', 'open', 'plain decimal'],
    ['2020-01-02,1,Infinity,1,1,5', 'high', 'plain decimal'],
    ['2020-01-02,1,2,-1,1,5', 'low', 'must not be negative'],
    ['2020-01-02,1,2,1,1e999,5', 'close', 'plain decimal'],
    ['2020-01-02,1,2,1,null,5', 'close', 'plain decimal'],
    ['2020-01-02,1,2,1,1,-5', 'volume', 'must not be negative'],
    ['2020-01-02,1,2,1,1,5.5', 'volume', 'whole number'],
    ['2020-01-02,1,2,1,1,N/A', 'volume', 'whole number'],
    ['2020-01-02,1,0.9,1,1,5', 'low', 'is above the high'],
    ['2020-01-02,3,2,1,1,5', 'open', 'is above the high'],
    ['2020-01-02,0.5,2,1,1,5', 'open', 'is below the low'],
    ['2020-01-02,1,2,1,2.00000000000000000001,5', 'close', 'is above the high'],
    ['2020-01-02,1,2,1', 'row', 'has 4 columns, the header has 6'],
    ['2020-01-02,1,2,1,1,5,6', 'row', 'has 7 columns'],
    ['20200103,1,2,1,1,5', 'date', 'began with YYYY-MM-DD'],
    ['2020-01-03 10:00,1,2,1,1,5', 'date', '?interval='],
    ['=1+1,1,2,1,1,5', 'date', 'is not a date'],
  ])('%s: %s %s', async (row, field, message) => {
    const { rows, errors } = await parse(body('2020-01-01,1,2,1,1,5', row, '2020-01-06,1,2,1,1,5'));
    expect(rows.map(({ line }) => line)).toEqual([2, 4]);
    expect(errors).toEqual([{ line: 3, field, message: expect.stringContaining(message) }]);
  });

  it('are reported with all that is wrong in them', async () => {
    const { errors } = await parse(body('x,NaN,-1,1e5,0x10,1.5'));
    expect(errors.map(({ field }) => field)).toEqual(['date', 'open', 'high', 'low', 'close', 'volume']);
  });

  it('call the time ts where bars are shorter than a day', async () => {
    const { errors } = await parse(body('2020-01-02,1,2,1,1,5'), INTRADAY);
    expect(errors).toMatchObject([{ field: 'ts', message: expect.stringContaining('has no time of day') }]);
  });

  it('are quoted without control or direction marks, and cut', async () => {
    const { errors } = await parse(body(`2020-01-02,1,2,1,\u202e\u001b[31m${'9'.repeat(500)},5`));
    expect(errors[0]?.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(errors[0]?.message.length).toBeLessThan(200);
  });
});

const realFiles = realFile('nvda-1999-2014.csv') === undefined ? describe.skip : describe;
realFiles('the real files', () => {
  it.each([
    ['nvda-1999-2014.csv', DAILY, { open: 1, high: 2, low: 3, close: 4, adjClose: 5, volume: 6 }],
    ['orcl-1995-2014.csv', DAILY, { open: 1, high: 2, low: 3, close: 4, adjClose: 5, volume: 6 }],
    ['aapl-2015-2017-vendor.csv', DAILY, { open: 1, high: 2, low: 3, close: 4, adjClose: 6, volume: 5 }],
    ['2006-5min.csv', INTRADAY, { open: 2, high: 3, low: 4, close: 5, volume: 6 }],
  ] as const)('%s comes out value by value', async (name, options, columns) => {
    const path = realFile(name) ?? '';
    const { rows, errors } = await collect(parseCsv(createReadStream(path), options));
    expect(errors).toEqual([]);
    const lines = readFileSync(path, 'latin1').trimEnd().split(/\r?\n/).slice(1);
    expect(rows).toHaveLength(lines.length);
    rows.forEach((row, index) => {
      const cells = (lines[index] ?? '').split(',');
      const time = options.interval === '1d' ? '00:00:00' : cells[1];
      expect(row.local).toBe(`${cells[0]} ${time}`);
      for (const [field, column] of Object.entries(columns)) {
        // Zeros behind the last digit are all that may differ between the text of the file and the canonical one.
        const written = (cells[column] ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
        expect(row[field as 'close']).toBe(written);
      }
    });
  });
});
