import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { collect, DAILY_CSV, inChunks, realFile } from '../../../test/factories/price-files.js';
import { readPrice, readVolume } from '../../bars/decimal.js';
import { type FastPlan, LineVerifier, planFastPass } from './fast-pass.js';
import { parseCsv } from './parse-csv.js';
import type { ParseOptions } from '../../bars/bar.types.js';

const DAILY: ParseOptions = { interval: '1d', dateFormat: undefined, symbol: 'AAPL' };
const INTRADAY: ParseOptions = { ...DAILY, interval: '5m' };
const MANY: ParseOptions = { interval: '1d', dateFormat: undefined };

interface Verdict {
  readonly proven: boolean;
  readonly rows: number;
  readonly ascending: boolean;
}

function plan(header: string | Buffer, options: ParseOptions): FastPlan {
  const found = planFastPass(Buffer.from(header), options);
  if (found === null) throw new Error(`no fast pass for ${String(header)}`);
  return found;
}

/** Verifies a whole file, in chunks of the given size. */
function verify(content: string | Buffer, options: ParseOptions = DAILY, chunkSize = 64 * 1024): Verdict {
  const bytes = Buffer.from(content);
  const { headerBytes, ...found } = plan(bytes, options);
  const verifier = new LineVerifier({ headerBytes, ...found });
  let proven = true;
  for (let start = headerBytes; proven && start < bytes.length; start += chunkSize) {
    proven = verifier.push(bytes.subarray(start, start + chunkSize));
  }
  proven &&= verifier.end();
  return { proven, rows: verifier.rows, ascending: verifier.ascending };
}

describe('planFastPass', () => {
  it('names the role of every column in file order, and where the header ends', () => {
    const found = plan('\ufeffDate,Open,Note,Close,Adj Close,Volume\r\n2020-01-02', DAILY);
    expect(found.columns.map(({ role }) => role)).toEqual([
      'date',
      'open',
      'ignored',
      'close',
      'adjClose',
      'volume',
    ]);
    expect(found).toMatchObject({ headerBytes: 3 + 39, lineBreak: '\r\n', symbol: 'AAPL' });
  });

  it('tells a day with a time from a day, and from a day with a time column', () => {
    const roles = (header: string, options: ParseOptions): string[] =>
      plan(header, options).columns.map(({ role }) => role);
    expect(roles('Timestamp,Close\n', DAILY)).toEqual(['date', 'close']);
    expect(roles('Timestamp,Close\n', INTRADAY)).toEqual(['datetime', 'close']);
    expect(roles('Date,Time,Close\n', INTRADAY)).toEqual(['date', 'time', 'close']);
    expect(roles('Date,Close,Name\n', MANY)).toEqual(['date', 'close', 'symbol']);
  });

  it.each([
    ['Date;Close\n', DAILY],
    ['"Date",Close\n', DAILY],
    ['Date,Close,Höhe\n', DAILY],
    ['Date,Close/Last\n', DAILY],
    ['Date,Close,\n', DAILY],
    ['Date,Open\n', DAILY],
    ['Date,Close', DAILY],
    ['Date,Close\r2020-01-02,1\r', DAILY],
    ['\nDate,Close\n', DAILY],
    ['Date,MSFT.Close\n', DAILY],
    ['Date,Close\n', MANY],
    ['Date,Close\n', { ...DAILY, dateFormat: 'dmy' }],
    ['', DAILY],
  ] as [string, ParseOptions][])('leaves %j to the careful pass', (header, options) => {
    expect(planFastPass(Buffer.from(header), options)).toBeNull();
  });
});

describe('LineVerifier', () => {
  it.each([1, 2, 3, 10, 50, 1000])('proves a plain file in chunks of %i bytes', (size) => {
    const expected = { proven: true, rows: 3, ascending: true };
    expect(verify(DAILY_CSV, DAILY, size)).toEqual(expected);
    expect(verify(DAILY_CSV.replaceAll('\n', '\r\n'), DAILY, size)).toEqual(expected);
    expect(verify(DAILY_CSV.trimEnd(), DAILY, size)).toEqual(expected);
    expect(verify(`\ufeff${DAILY_CSV}`, DAILY, size)).toEqual(expected);
  });

  it.each([
    ['quotes', '"2020-01-02",1'],
    ['a sign', '2020-01-02,+1'],
    ['a negative price', '2020-01-02,-1'],
    ['an exponent', '2020-01-02,1e5'],
    ['a word', '2020-01-02,NaN'],
    ['infinity', '2020-01-02,Infinity'],
    ['hex', '2020-01-02,0x10'],
    ['no close', '2020-01-02,'],
    ['a bare point', '2020-01-02,1.'],
    ['a leading point', '2020-01-02,.5'],
    ['a space', '2020-01-02, 1'],
    ['13 digits', '2020-01-02,1000000000000'],
    ['21 digits behind the point', '2020-01-02,0.000000000000000000001'],
    ['a word for a date', 'today,1'],
    ['infinity for a date', 'infinity,1'],
    ['a compact date', '20200102,1'],
    ['a US date', '01/02/2020,1'],
    ['month 13', '2020-13-02,1'],
    ['day 32', '2020-01-32,1'],
    ['the year 1799', '1799-01-02,1'],
    ['a time of day', '2020-01-02 10:00,1'],
    ['an offset', '2020-01-02 00:00+01,1'],
    ['one column more', '2020-01-02,1,'],
    ['one column less', '2020-01-02'],
    ['an end-of-data mark', '\\.'],
    ['a null mark', '\\N,1'],
    ['a blank line', ''],
    ['a lone CR', '2020-01-02,1\r'],
    ['a NUL', '2020-01-02,1\0'],
    ['an underscore', '2020-01-02,1_000'],
    ['digits of another script', '2020-01-02,١'],
  ])('does not prove a line with %s', (_name, line) => {
    const good = '2020-01-01,1\n';
    expect(verify(`Date,Close\n${good}${good}`).proven).toBe(true);
    expect(verify(`Date,Close\n${good}${line}\n${good}`).proven).toBe(false);
    if (line !== '') expect(verify(`Date,Close\n${good}${line}`).proven).toBe(false);
  });

  it('does not prove a mixture of line ends, which COPY refuses, nor a file without rows', () => {
    expect(verify('Date,Close\n2020-01-02,1\n2020-01-03,1\r\n').proven).toBe(false);
    expect(verify('Date,Close\r\n2020-01-02,1\r\n2020-01-03,1\n').proven).toBe(false);
    expect(verify('Date,Close\n').proven).toBe(false);
  });

  it('proves ignored columns only when they are short, plain text', () => {
    const file = (note: string): string => `Date,Close,Note\n2020-01-02,1,${note}\n`;
    expect(verify(file('up 3 % = fine; \\ too')).proven).toBe(true);
    for (const bad of ['a"b', 'é', 'a\tb', 'x'.repeat(257)]) expect(verify(file(bad)).proven).toBe(false);
  });

  it('proves that a symbol column says the one symbol that is expected', () => {
    const file = (symbol: string): string => `Date,Close,Ticker\n2020-01-02,1,${symbol}\n`;
    expect(verify(file('BRK.B'), { ...DAILY, symbol: 'BRK.B' }).proven).toBe(true);
    expect(verify(file('^GSPC'), { ...DAILY, symbol: '^GSPC' }).proven).toBe(true);
    expect(verify(file('BRKXB'), { ...DAILY, symbol: 'BRK.B' }).proven).toBe(false);
    expect(verify(file('MSFT')).proven).toBe(false);
    expect(verify(file('MSFT'), MANY).proven).toBe(true);
    for (const bad of ['msft', '', 'A B', 'ABCDEFGHIJK', '../x'])
      expect(verify(file(bad), MANY).proven).toBe(false);
  });

  it('holds back no more than a bounded piece of an endless line', () => {
    const found = new LineVerifier(plan('Date,Close\n', DAILY));
    const block = Buffer.alloc(32 * 1024, '1');
    expect([found.push(block), found.push(block), found.push(block)]).toEqual([true, true, false]);
  });
});

describe('ascending', () => {
  const daily = (...days: number[]): Verdict =>
    verify(`Date,Close\n${days.map((day) => `2020-01-${String(day).padStart(2, '0')},1\n`).join('')}`);

  it('is true for strictly rising and strictly falling days only', () => {
    expect([daily(1, 2, 5), daily(9, 4, 1), daily(3)].map(({ ascending }) => ascending)).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      [daily(1, 1), daily(1, 3, 2), daily(3, 1, 2), daily(2, 1, 1)].map(({ ascending }) => ascending),
    ).toEqual([false, false, false, false]);
  });

  it('is not fooled by one time written in two ways', () => {
    const file = (...times: string[]): boolean =>
      verify(`Timestamp,Close\n${times.map((time) => `${time},1\n`).join('')}`, INTRADAY).ascending;
    expect(file('2020-01-02 09:30', '2020-01-02 09:35')).toBe(true);
    expect(file('2020-01-02 09:30', '2020-01-02 09:30:00')).toBe(false);
    expect(file('2020-01-02 09:30', '2020-01-02T09:30')).toBe(false);
  });

  it('looks at the time column as well, wherever it stands', () => {
    const file = (...rows: string[]): boolean =>
      verify(`Close,Time,Date\n${rows.join('\n')}`, INTRADAY).ascending;
    expect(file('1,09:30,2020-01-02', '1,09:35,2020-01-02', '1,09:30,2020-01-03')).toBe(true);
    expect(file('1,09:30,2020-01-02', '1,09:30,2020-01-02')).toBe(false);
  });

  it('is true for many symbols in runs or within each day, and false when a symbol comes back', () => {
    const file = (...rows: string[]): boolean =>
      verify(`Name,Date,Close\n${rows.join(',1\n')},1\n`, MANY).ascending;
    expect(file('MSFT,2020-01-02', 'MSFT,2020-01-03', 'AAPL,2020-01-02', 'AAPL,2020-01-03')).toBe(true);
    expect(file('AAPL,2020-01-02', 'MSFT,2020-01-02', 'AAPL,2020-01-03', 'MSFT,2020-01-03')).toBe(true);
    expect(file('AAPL,2020-01-02', 'MSFT,2020-01-02', 'AAPL,2020-01-02')).toBe(false);
    expect(file('AAPL,2020-01-03', 'MSFT,2020-01-02', 'AAPL,2020-01-03')).toBe(false);
  });

  it('never holds for a file with two lines for one bar', () => {
    const row = fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (rows) => {
        const lines = rows.map(([symbol, day]) => `${symbol},2020-01-0${day},1\n`);
        const { proven, ascending } = verify(`Name,Date,Close\n${lines.join('')}`, MANY);
        expect(proven).toBe(true);
        if (ascending) expect(new Set(lines).size).toBe(lines.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what the verifier proves', () => {
  /** Mostly what is of the proven form, so that whole records are; and now and then something near it. */
  const mostly = (good: fc.Arbitrary<string>, ...near: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.oneof({ weight: 40, arbitrary: good }, ...near.map((arbitrary) => ({ weight: 1, arbitrary })));
  const price = mostly(
    fc.stringMatching(/^(\d{1,12}(\.\d{1,20})?)?$/),
    fc.stringMatching(/^\d{1,14}(\.\d{1,22})?$/),
    fc.constantFrom('NaN', '-1', '1e5', ' 1', '1.', '.5', '"1"', '+1', '0x1', '$1', '٣', 'Infinity'),
  );
  const volume = mostly(
    fc.stringMatching(/^\d{0,18}$/),
    fc.stringMatching(/^\d{17,20}$/),
    fc.constantFrom('1.0', '-1', '1,000', '"1"'),
  );
  const day = mostly(
    fc.stringMatching(/^(18|19|20|99)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/),
    fc.stringMatching(/^\d{4}-\d\d-\d\d$/),
    fc.constantFrom('20200102', '01/02/2020', '2020-1-2', '2020-01-02Z', 'now', ''),
  );
  const time = mostly(
    fc.stringMatching(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/),
    fc.constantFrom('24:00', '9:30', '093000', '09:30Z', '09:30:00.0', ''),
  );
  const symbol = mostly(
    fc.stringMatching(/^[A-Z0-9.^=-]{1,10}$/),
    fc.constantFrom('aapl', '', '"X"', 'TOO-LONG-12'),
  );
  const note = mostly(
    fc.constantFrom('', 'plain', 'a \\ b'),
    fc.string({ unit: 'binary-ascii', maxLength: 6 }),
    fc.constant('é'),
  );
  const record = fc.record({
    day,
    time,
    symbol,
    open: price,
    high: price,
    low: price,
    close: price,
    volume,
    note,
  });
  const lineBreaks = fc.constantFrom('\n', '\r\n');

  /** What only the careful pass and the database look at. */
  const RULES = /is not a day of the calendar|is (above|below) the (high|low)|the file began/;

  it('the careful pass reads as the same values', async () => {
    let provenFiles = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 3 }),
        lineBreaks,
        async (records, lineBreak) => {
          const lines = records.map((r) =>
            [r.symbol, `${r.day} ${r.time}`, r.open, r.high, r.low, r.close, r.volume, r.note].join(','),
          );
          const content = ['Ticker,Datetime,Open,High,Low,Close,Volume,Note', ...lines, ''].join(lineBreak);
          const options: ParseOptions = { ...MANY, interval: '1m' };
          const { proven, rows: provenRows } = verify(content, options, 16);
          if (!proven) return;
          provenFiles++;
          expect(provenRows).toBe(records.length);
          const { rows, errors } = await collect(parseCsv(inChunks(content), options));
          for (const { message } of errors) expect(message).toMatch(RULES);
          expect(new Set([...rows, ...errors].map(({ line }) => line)).size).toBe(records.length);
          for (const row of rows) {
            const given = records[row.line - 2];
            if (given === undefined) throw new Error('a row from nowhere');
            const canonical = (text: string): unknown => (text === '' ? { text: null } : readPrice(text));
            expect(row.local).toBe(`${given.day} ${given.time.padEnd(8, ':00')}`);
            expect(row.symbol).toBe(given.symbol);
            expect([{ text: row.open }, { text: row.high }, { text: row.low }, { text: row.close }]).toEqual(
              [given.open, given.high, given.low, given.close].map(canonical),
            );
            expect({ text: row.volume }).toEqual(
              given.volume === '' ? { text: null } : readVolume(given.volume, false),
            );
          }
        },
      ),
      { numRuns: 3_000 },
    );
    // The control: the property must not hold because nothing is ever proven.
    expect(provenFiles).toBeGreaterThan(300);
  });

  it('never holds a byte that could mean something else to the database', () => {
    const alphabet = [...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))];
    const base = 'ABC,2020-01-02 09:30,1.5,2,1,1.75,100,note';
    fc.assert(
      fc.property(fc.nat(base.length), fc.nat(2), fc.constantFrom(...alphabet), (at, removed, inserted) => {
        const line = base.slice(0, at) + inserted + base.slice(at + removed);
        const bytes = Buffer.from(`Ticker,Datetime,Open,High,Low,Close,Volume,Note\n${line}\n`, 'latin1');
        if (!verify(bytes, { ...MANY, interval: '1m' }).proven) return;
        const [ticker, when, open, high, low, close, volume, rest, ...more] = line.split(',');
        expect(more).toEqual([]);
        expect(ticker).toMatch(/^[A-Z0-9.^=-]{1,10}$/);
        expect(when).toMatch(/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?$/);
        for (const value of [open, high, low]) expect(value).toMatch(/^(\d+(\.\d+)?)?$/);
        expect(close).toMatch(/^\d+(\.\d+)?$/);
        expect(volume).toMatch(/^\d*$/);
        expect(rest).toMatch(/^[\x20-\x7e]*$/);
        expect(line).not.toContain('"');
      }),
      { numRuns: 20_000 },
    );
  });
});

const realFiles = realFile('nvda-1999-2014.csv') === undefined ? describe.skip : describe;
realFiles('the real files', () => {
  it.each([
    ['nvda-1999-2014.csv', DAILY, 4_012],
    ['orcl-1995-2014.csv', DAILY, 5_036],
    ['aapl-2015-2017-vendor.csv', DAILY, 506],
    ['2006-5min.csv', INTRADAY, 2_142],
  ] as const)('%s takes the fast pass', (name, options, rows) => {
    expect(verify(readFileSync(realFile(name) ?? ''), options)).toEqual({
      proven: true,
      rows,
      ascending: true,
    });
  });
});
