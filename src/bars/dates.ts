import type { DateFormat, Interval } from './bar.types.js';
import { seen } from './seen-text.js';

/** When a bar is, or what is wrong with how the file says it. **Shape**: as in `ParsedRow`. */
export type Moment =
  { readonly local: string | null; readonly instant: string | null } | { readonly problem: string };

interface Day {
  /** How the file writes it, such as `MM/DD/YYYY`. */
  readonly style: string;
  /** `YYYY-MM-DD`. */
  readonly iso: string;
  /** What stands behind the date and its separator: a time of day. */
  readonly rest: string | undefined;
}

interface TimeOfDay {
  /** `HH:MM:SS`. */
  readonly text: string;
  /** East of UTC; undefined when the file gives no offset. **Units**: minutes. */
  readonly offsetMinutes: number | undefined;
}

interface Problem {
  readonly problem: string;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](.+))?$/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)(?:[T ](.+))?$/;
const DAY_AND_MONTH = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[T ](.+))?$/;
const TIME = /^(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?|(\d\d)(\d\d))(?: ?(Z|[+-]\d\d(?::?\d\d)?))?$/i;
const MAX_LENGTH = 48;
const MIN_YEAR = 1800;

/**
 * Reads the dates of one file, and holds the file to one way of writing them.
 *
 * **Why**: `01/02/2020` is two different days. A date order is therefore taken from a declaration and never guessed, and a
 * file that changes its format half-way was put together from two sources and cannot be trusted row by row.
 */
export class DateReader {
  private style: string | undefined;
  private zoned: boolean | undefined;
  private lastText: string | undefined;
  private lastDay: Day | undefined;

  constructor(
    private readonly interval: Interval,
    private readonly format: DateFormat | undefined,
  ) {}

  /** Reads one record's date and, when the file has a column of its own for it, its time. */
  read(dateText: string, timeText: string | undefined): Moment {
    const day = this.readDay(dateText);
    if ('problem' in day) return day;
    if (this.style !== undefined && this.style !== day.style) {
      return {
        problem: `${seen(dateText)} is written as ${day.style}, but the file began with ${this.style}`,
      };
    }
    if (day.rest !== undefined && timeText !== undefined && timeText !== '') {
      return { problem: `${seen(dateText)} has a time of day although there is a time column as well` };
    }
    const given = day.rest ?? timeText;
    const time = given === undefined || given === '' ? undefined : readTime(given);
    if (time !== undefined && 'problem' in time) return time;
    const moment = this.interval === '1d' ? dailyMoment(day, time) : this.intradayMoment(day, time);
    if (!('problem' in moment)) this.style = day.style;
    return moment;
  }

  private intradayMoment(day: Day, time: TimeOfDay | undefined): Moment {
    if (time === undefined) {
      return { problem: `${day.iso} has no time of day, which bars of ${this.interval} need` };
    }
    const zoned = time.offsetMinutes !== undefined;
    if (this.zoned !== undefined && this.zoned !== zoned) {
      return {
        problem: `has ${zoned ? 'an' : 'no'} offset from UTC, but the file began ${zoned ? 'without' : 'with'} one`,
      };
    }
    const moment =
      time.offsetMinutes === undefined
        ? { local: `${day.iso} ${time.text}`, instant: null }
        : instantMoment(day, time.text, time.offsetMinutes);
    if (!('problem' in moment)) this.zoned = zoned;
    return moment;
  }

  private readDay(text: string): Day | Problem {
    // Intraday files repeat a day for hundreds of rows, and files of many stocks for thousands.
    if (text === this.lastText && this.lastDay !== undefined) return this.lastDay;
    const day = this.splitDay(text);
    if ('problem' in day) return day;
    const problem = calendarProblem(day.iso);
    if (problem !== undefined) return { problem };
    this.lastText = text;
    this.lastDay = day;
    return day;
  }

  private splitDay(text: string): Day | Problem {
    if (text.length > MAX_LENGTH) return { problem: `${seen(text)} is not a date such as 2020-01-31` };
    const expectsIso = this.format === undefined || this.format === 'iso';
    const iso = ISO.exec(text) ?? COMPACT.exec(text);
    if (iso !== null && expectsIso) {
      const [, year, month, dayOfMonth, rest] = iso;
      return {
        style: text[4] === '-' ? 'YYYY-MM-DD' : 'YYYYMMDD',
        iso: `${year}-${month}-${dayOfMonth}`,
        rest,
      };
    }
    const other = DAY_AND_MONTH.exec(text);
    if (other !== null && expectsIso) {
      return {
        problem: `${seen(text)} leaves open what is day and what is month: declare dateFormat mdy or dmy`,
      };
    }
    if (other === null || expectsIso) {
      const expected = expectsIso
        ? 'such as 2020-01-31'
        : `of the declared form ${this.format === 'mdy' ? 'MM/DD/YYYY' : 'DD/MM/YYYY'}`;
      return { problem: `${seen(text)} is not a date ${expected}` };
    }
    const [, first = '', separator = '', second = '', year = '', rest] = other;
    const [month, dayOfMonth] = this.format === 'mdy' ? [first, second] : [second, first];
    const order = this.format === 'mdy' ? ['MM', 'DD', 'YYYY'] : ['DD', 'MM', 'YYYY'];
    return {
      style: order.join(separator),
      iso: `${year}-${month.padStart(2, '0')}-${dayOfMonth.padStart(2, '0')}`,
      rest,
    };
  }
}

function dailyMoment(day: Day, time: TimeOfDay | undefined): Moment {
  if (time !== undefined && time.text !== '00:00:00') {
    return {
      problem: `${day.iso} has a time of day (${time.text}): use ?interval= for bars shorter than a day`,
    };
  }
  // An offset is dropped on purpose: 2020-01-31 00:00 in New York is the trading day 2020-01-31, whatever the day in UTC.
  return { local: `${day.iso} 00:00:00`, instant: null };
}

function instantMoment(day: Day, time: string, offsetMinutes: number): Moment {
  const utc = new Date(Date.parse(`${day.iso}T${time}Z`) - offsetMinutes * 60_000).toISOString();
  // Years beyond 9999 come with a sign, and an offset can lead out of the range by hours.
  const problem = utc.startsWith('+') ? 'is after the year 9999 in UTC' : calendarProblem(utc.slice(0, 10));
  return problem === undefined ? { local: null, instant: `${utc.slice(0, 19)}Z` } : { problem };
}

function calendarProblem(iso: string): string | undefined {
  const year = Number(iso.slice(0, 4));
  const month = Number(iso.slice(5, 7));
  const day = Number(iso.slice(8, 10));
  if (month < 1 || month > 12 || day < 1 || (day > 28 && day > lastDayOf(year, month))) {
    return `${iso} is not a day of the calendar`;
  }
  return year < MIN_YEAR ? `${iso} is before ${MIN_YEAR}` : undefined;
}

function lastDayOf(year: number, month: number): number {
  // Day 0 of the next month.
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function readTime(text: string): TimeOfDay | Problem {
  const match = TIME.exec(text);
  if (match === null) return { problem: `${seen(text)} is not a time of day such as 09:30 or 09:30:00` };
  const [, hour = '', minute = match[5] ?? '', second = match[6] ?? '00', fraction = '', , , offset] = match;
  if (hour > '23' || minute > '59' || second > '59') return { problem: `${seen(text)} is not a time of day` };
  if (/[1-9]/.test(fraction))
    return { problem: `${seen(text)} has a part of a second, which bars do not have` };
  const offsetMinutes = offset === undefined ? undefined : readOffset(offset);
  if (Number.isNaN(offsetMinutes)) return { problem: `${seen(text)} has an offset that no time zone has` };
  return { text: `${hour}:${minute}:${second}`, offsetMinutes };
}

/** NaN for an offset that no zone ever had (the widest are those of local mean time, just short of 16 hours). */
function readOffset(text: string): number {
  if (text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || '0');
  if (hours > 15 || minutes > 59) return Number.NaN;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
