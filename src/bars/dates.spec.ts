import { describe, expect, it } from '@jest/globals';
import { DateReader, type Moment } from './dates.js';
import type { DateFormat, Interval } from './bar.types.js';

const read = (
  text: string,
  given: { interval?: Interval; format?: DateFormat; time?: string } = {},
): Moment => new DateReader(given.interval ?? '1d', given.format).read(text, given.time);
const problem = (moment: Moment): string => ('problem' in moment ? moment.problem : 'no problem');
const local = (text: string): Moment => ({ local: text, instant: null });
const instant = (text: string): Moment => ({ local: null, instant: text });

describe('a daily file', () => {
  it.each([
    ['2020-01-31', '2020-01-31 00:00:00'],
    ['20200131', '2020-01-31 00:00:00'],
    ['2020-02-29', '2020-02-29 00:00:00'],
    ['1800-01-01', '1800-01-01 00:00:00'],
    ['9999-12-31', '9999-12-31 00:00:00'],
    ['2020-01-31 00:00:00', '2020-01-31 00:00:00'],
    ['2020-01-31T00:00', '2020-01-31 00:00:00'],
    ['2020-01-31 00:00:00-05:00', '2020-01-31 00:00:00'],
    ['2020-01-31T00:00:00.000Z', '2020-01-31 00:00:00'],
  ])('reads %s as the day as written', (given, expected) => {
    expect(read(given)).toEqual(local(expected));
  });

  it.each(['2021-02-29', '2020-04-31', '2020-13-01', '2020-00-10', '2020-01-00', '1900-02-29', '20200230'])(
    'refuses %s, which is not in the calendar',
    (given) => {
      expect(problem(read(given))).toContain('is not a day of the calendar');
    },
  );

  it.each([
    '2020-1-31',
    '2020/01/31',
    '31 Jan 2020',
    '1580428800',
    'null',
    '2020-01',
    '٢٠٢٠-01-31',
    `2020-01-31${' '.repeat(99)}`,
    'x'.repeat(60_000),
  ])('refuses what is not an ISO date', (given) => {
    expect(problem(read(given))).toContain('is not a date such as 2020-01-31');
  });

  it('refuses years before 1800', () => {
    expect(problem(read('1799-12-31'))).toContain('before 1800');
  });

  it('points to ?interval= when there is a time of day', () => {
    expect(problem(read('2020-01-31 09:30:00'))).toContain('use ?interval=');
    expect(problem(read('2020-01-31', { time: '09:30' }))).toContain('use ?interval=');
    expect(read('2020-01-31', { time: '000000' })).toEqual(local('2020-01-31 00:00:00'));
  });
});

describe('a declared order of day and month', () => {
  it.each([
    ['01/31/2020', 'mdy', '2020-01-31 00:00:00'],
    ['1/2/2020', 'mdy', '2020-01-02 00:00:00'],
    ['1/2/2020', 'dmy', '2020-02-01 00:00:00'],
    ['31.12.2020', 'dmy', '2020-12-31 00:00:00'],
    ['31-12-2020', 'dmy', '2020-12-31 00:00:00'],
  ] as const)('reads %s as %s', (given, format, expected) => {
    expect(read(given, { format })).toEqual(local(expected));
  });

  it('is never guessed', () => {
    expect(problem(read('01/31/2020'))).toContain('declare dateFormat mdy or dmy');
    expect(problem(read('31/01/2020', { format: 'mdy' }))).toContain('is not a day of the calendar');
    expect(problem(read('2020-01-31', { format: 'mdy' }))).toContain('MM/DD/YYYY');
    expect(problem(read('1/2-2020', { format: 'dmy' }))).toContain('DD/MM/YYYY');
  });
});

describe('an intraday file', () => {
  const intraday = { interval: '5m' } as const;

  it.each([
    ['2006-01-02 09:05:00', '2006-01-02 09:05:00'],
    ['2006-01-02T09:05', '2006-01-02 09:05:00'],
    ['20060102 090500', '2006-01-02 09:05:00'],
    ['2006-01-02 09:05:00.000', '2006-01-02 09:05:00'],
  ])('reads %s without an offset as local time', (given, expected) => {
    expect(read(given, intraday)).toEqual(local(expected));
  });

  it.each([
    ['2006-01-02T09:05:00Z', '2006-01-02T09:05:00Z'],
    ['2006-01-02 09:05:00-05:00', '2006-01-02T14:05:00Z'],
    ['2006-01-02 09:05:00+0530', '2006-01-02T03:35:00Z'],
    ['2006-01-02 00:05:00+01', '2006-01-01T23:05:00Z'],
    ['20060102 233000 -0500', '2006-01-03T04:30:00Z'],
  ])('reads %s with an offset as an instant', (given, expected) => {
    expect(read(given, intraday)).toEqual(instant(expected));
  });

  it('takes the time from a column of its own', () => {
    expect(read('2006-01-02', { ...intraday, time: '09:05:00' })).toEqual(local('2006-01-02 09:05:00'));
    expect(read('20060102', { ...intraday, time: '090500' })).toEqual(local('2006-01-02 09:05:00'));
    expect(problem(read('2006-01-02 09:05', { ...intraday, time: '09:05' }))).toContain('as well');
  });

  it.each(['24:00', '09:60', '09:05:60', '9:05', '0905', '09', '09:05 PM', '09:05:00,0', 'noon'])(
    'refuses the time %s',
    (time) => {
      expect(problem(read('2006-01-02', { ...intraday, time }))).toContain('is not a time of day');
    },
  );

  it('needs a time, whole seconds and an offset that exists', () => {
    expect(problem(read('2006-01-02', intraday))).toContain('has no time of day');
    expect(problem(read('2006-01-02 09:05:00.5', intraday))).toContain('part of a second');
    expect(problem(read('2006-01-02 09:05:00+16:00', intraday))).toContain('offset');
    expect(problem(read('9999-12-31 23:00:00-05:00', intraday))).toContain('9999');
    expect(problem(read('1800-01-01 00:00:00+05:00', intraday))).toContain('before 1800');
  });
});

describe('one file', () => {
  it('keeps to one way of writing dates, and the error names both', () => {
    const dates = new DateReader('1d', undefined);
    dates.read('2020-01-31', undefined);
    const second = problem(dates.read('20200203', undefined));
    expect(second).toContain('YYYYMMDD');
    expect(second).toContain('YYYY-MM-DD');
    expect(dates.read('2020-02-04', undefined)).toEqual(local('2020-02-04 00:00:00'));
  });

  it('has offsets throughout or not at all', () => {
    const dates = new DateReader('1h', undefined);
    dates.read('2020-01-31T10:00Z', undefined);
    expect(problem(dates.read('2020-01-31T11:00', undefined))).toContain('the file began with one');
  });

  it('is not bound to a format by a date that was refused', () => {
    const dates = new DateReader('1d', undefined);
    dates.read('20200231', undefined);
    expect(dates.read('2020-02-03', undefined)).toEqual(local('2020-02-03 00:00:00'));
  });
});
