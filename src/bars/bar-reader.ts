import { DateReader } from './dates.js';
import { compareDecimals, readPrice, readVolume } from './decimal.js';
import {
  SYMBOL_INPUT_PATTERN,
  type DateFormat,
  type ParseOptions,
  type ParsedRow,
  type RowError,
} from './bar.types.js';
import { seen } from './seen-text.js';

/** The texts of one record by role. **Shape**: an empty text stands for "no value". */
export interface RawBar {
  date: string;
  /** Only when the file has a column of its own for the time of day. */
  time: string | undefined;
  /** Undefined when the file has no such column. */
  symbol: string | undefined;
  open: string;
  high: string;
  low: string;
  close: string;
  adjClose: string;
  volume: string;
}

/** Marks of one vendor's files that mean an error in any other. */
export interface VendorMarks {
  /** Prices may begin with `$`. */
  readonly dollarSigns: boolean;
  /** Volumes may have thousands separators. */
  readonly thousands: boolean;
}

const NO_MARKS: VendorMarks = { dollarSigns: false, thousands: false };

/**
 * Turns raw texts into bars and says everything that is wrong with the others. One for each file: it remembers how the
 * file writes its dates.
 */
export class BarReader {
  private readonly dates: DateReader;
  private readonly dateField: string;
  private errors: RowError[] = [];
  private line = 0;

  constructor(
    private readonly options: ParseOptions,
    dateFormat: DateFormat | undefined = options.dateFormat,
    private readonly marks: VendorMarks = NO_MARKS,
  ) {
    this.dates = new DateReader(options.interval, dateFormat);
    this.dateField = options.interval === '1d' ? 'date' : 'ts';
  }

  /** **Shape**: the bar, or null after adding at least one error to `errors`. */
  read(raw: RawBar, line: number, errors: RowError[]): ParsedRow | null {
    const before = errors.length;
    this.errors = errors;
    this.line = line;
    const moment = this.moment(raw);
    const symbol = this.symbol(raw.symbol);
    const open = this.price('open', raw.open);
    const high = this.price('high', raw.high);
    const low = this.price('low', raw.low);
    const close = this.price('close', raw.close);
    const adjClose = this.price('adjClose', raw.adjClose);
    const volume = this.volume(raw.volume);
    if (raw.close === '') this.fail('close', 'is missing: every bar needs a close');
    if (errors.length > before || moment === null || close === null) return null;
    this.checkRange(low, high, open, close);
    if (errors.length > before) return null;
    return {
      line,
      symbol,
      local: moment.local,
      instant: moment.instant,
      open,
      high,
      low,
      close,
      adjClose,
      volume,
    };
  }

  private moment(raw: RawBar): { local: string | null; instant: string | null } | null {
    if (raw.date === '') return this.fail(this.dateField, 'is missing: every bar needs a date');
    const moment = this.dates.read(raw.date, raw.time);
    return 'problem' in moment ? this.fail(this.dateField, moment.problem) : moment;
  }

  private symbol(text: string | undefined): string | null {
    const expected = this.options.symbol;
    if (text === undefined) return expected === undefined ? this.fail('symbol', 'is missing') : null;
    const symbol = text.toUpperCase();
    if (expected === undefined) {
      if (SYMBOL_INPUT_PATTERN.test(text)) return symbol;
      return this.fail(
        'symbol',
        text === '' ? 'is missing' : `${seen(text)} is not 1 to 10 of A-Z 0-9 . - ^ =`,
      );
    }
    // A file of several stocks sent to one of them must not end up as that one's prices.
    return symbol === expected
      ? null
      : this.fail('symbol', `is ${seen(text)}, but the import is for ${expected}`);
  }

  private price(field: string, text: string): string | null {
    if (text === '') return null;
    const plain = this.marks.dollarSigns && text.startsWith('$') ? text.slice(1) : text;
    const reading = readPrice(plain);
    return 'text' in reading ? reading.text : this.fail(field, reading.problem);
  }

  private volume(text: string): string | null {
    if (text === '') return null;
    const reading = readVolume(text, this.marks.thousands);
    return 'text' in reading ? reading.text : this.fail('volume', reading.problem);
  }

  private checkRange(low: string | null, high: string | null, open: string | null, close: string): void {
    if (low !== null && high !== null && compareDecimals(low, high) > 0) {
      this.fail('low', `${low} is above the high ${high}`);
      return;
    }
    if (open !== null) this.checkInside('open', open, low, high);
    this.checkInside('close', close, low, high);
  }

  private checkInside(field: string, price: string, low: string | null, high: string | null): void {
    if (low !== null && compareDecimals(low, price) > 0) this.fail(field, `${price} is below the low ${low}`);
    if (high !== null && compareDecimals(price, high) > 0)
      this.fail(field, `${price} is above the high ${high}`);
  }

  private fail(field: string, message: string): null {
    this.errors.push({ line: this.line, field, message });
    return null;
  }
}
