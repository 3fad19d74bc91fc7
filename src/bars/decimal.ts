import { seen } from './seen-text.js';

/** Either the canonical text, or what is wrong with the given one. */
export type Reading = { readonly text: string } | { readonly problem: string };

const MAX_PRICE_INTEGER_DIGITS = 12;
const MAX_PRICE_FRACTION_DIGITS = 20;
/** Bounds the work of the expressions below, which step back over runs of zeros. */
const MAX_LENGTH = 64;
const MAX_VOLUME = '9223372036854775807';

const CANONICAL_PRICE = /^(?:0|[1-9]\d{0,11})(?:\.\d{0,19}[1-9])?$/;
const CANONICAL_VOLUME = /^(?:0|[1-9]\d{0,17})$/;
const DECIMAL = /^0*(\d+?)(?:\.(\d+?)(0*))?$/;
const NEGATIVE = /^-\d+(?:\.\d+)?$/;
const THOUSANDS = /^\d{1,3}(?:,\d{3})+$/;

/**
 * Reads a price without passing through a binary float.
 *
 * **Units**: below 1e12 with at most 20 digits behind the point as written, which is what the columns hold.
 */
export function readPrice(text: string): Reading {
  // Most prices of most files are canonical already: one test and no new string (240 against 180
  // thousand rows/s for the careful pass as a whole).
  if (CANONICAL_PRICE.test(text)) return { text };
  const match = matchDecimal(text);
  if (match === null) return { problem: notDecimal(text, 'a plain decimal such as 101.24') };
  const [, integer = '0', fraction = '', zeros = ''] = match;
  if (integer.length > MAX_PRICE_INTEGER_DIGITS)
    return { problem: `must be below 1000000000000, is ${seen(text)}` };
  if (fraction.length + zeros.length > MAX_PRICE_FRACTION_DIGITS) {
    return { problem: `has more than ${MAX_PRICE_FRACTION_DIGITS} digits after the point: ${seen(text)}` };
  }
  return { text: fraction === '' || fraction === '0' ? integer : `${integer}.${fraction}` };
}

/**
 * Reads a volume: a whole number of shares that fits a `bigint` column. `123.0` is whole, too: some vendors write it so.
 *
 * **Shape**: with `thousands`, well-formed separators (`1,234,567`) are accepted.
 */
export function readVolume(text: string, thousands: boolean): Reading {
  if (CANONICAL_VOLUME.test(text)) return { text };
  const plain = thousands && THOUSANDS.test(text) ? text.replaceAll(',', '') : text;
  const match = matchDecimal(plain);
  if (match === null) return { problem: notDecimal(text, 'a whole number such as 63152400') };
  const [, integer = '0', fraction = ''] = match;
  if (fraction !== '' && fraction !== '0') return { problem: `must be a whole number, is ${seen(text)}` };
  if (integer.length > MAX_VOLUME.length || (integer.length === MAX_VOLUME.length && integer > MAX_VOLUME)) {
    return { problem: `must be at most ${MAX_VOLUME}, is ${seen(text)}` };
  }
  return { text: integer };
}

function matchDecimal(text: string): RegExpExecArray | null {
  return text.length > MAX_LENGTH ? null : DECIMAL.exec(text);
}

function notDecimal(text: string, expected: string): string {
  if (text.length <= MAX_LENGTH && NEGATIVE.test(text)) return `must not be negative, is ${seen(text)}`;
  return `${seen(text)} is not ${expected} (no sign, exponent, separators, words or spaces)`;
}

/**
 * Orders two canonical decimals exactly.
 *
 * **Shape**: negative, zero or positive, as for `Array.sort`. **Why**: as floats, 0.1 and 0.10000000000000000001 are equal.
 */
export function compareDecimals(a: string, b: string): number {
  const pointA = a.indexOf('.');
  const pointB = b.indexOf('.');
  const integerLengthA = pointA === -1 ? a.length : pointA;
  const integerLengthB = pointB === -1 ? b.length : pointB;
  if (integerLengthA !== integerLengthB) return integerLengthA - integerLengthB;
  // Without trailing zeros and with equally long integer parts, digit order is text order ('.' stands in the same place).
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
