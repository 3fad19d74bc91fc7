import { ImportEmpty } from '../stock-import.errors.js';
import { BarReader } from '../../bars/bar-reader.js';
import { JsonBarReader, type JsonScalar } from './json-bar.js';
import type { ParseOptions } from '../../bars/bar.types.js';
import type { ParsedBatch } from './parse.types.js';
import { wholeLines } from './source-bytes.js';

/** Stands for a number of the file while `JSON.parse` works. */
class ExactNumber {
  constructor(readonly text: string) {}
}

/** `JSON.parse` with the third argument of its reviver, which the compiler's library does not know yet. */
const parseJson = JSON.parse as (
  text: string,
  reviver?: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

const exact = (_key: string, value: unknown, context: { source?: string }): unknown =>
  typeof value === 'number' ? new ExactNumber(context.source ?? '') : value;

/** Every text of a line, with the colon behind it if it is a key. */
const TEXTS = /"(?:[^"\\]|\\.)*"\s*:?/g;
const LINE_BREAK = /\r\n|\n|\r/;

/**
 * Reads a file with one JSON object for each line.
 *
 * **Shape**, **Errors**: as `parseCsv`; a line that is no JSON object is a `RowError`, because the next line is readable.
 */
export async function* parseNdjson(
  source: AsyncIterable<Uint8Array>,
  options: ParseOptions,
): AsyncGenerator<ParsedBatch> {
  const bar = new JsonBarReader(new BarReader(options, options.dateFormat ?? 'iso'));
  let line = 0;
  let records = 0;
  for await (const block of wholeLines(source)) {
    const batch: ParsedBatch = { rows: [], errors: [], bytesRead: block.bytesRead };
    const whole = block.bytes.toString('utf8');
    const texts = whole.split(whole.includes('\r') ? LINE_BREAK : '\n');
    // What follows the last line break is the next block's, or nothing.
    if (texts.at(-1) === '') texts.pop();
    for (const text of texts) {
      line++;
      if (text.trim() === '') continue;
      records++;
      readLine({ text, line, bar, batch });
    }
    yield batch;
  }
  if (records === 0) throw new ImportEmpty('The file holds nothing but blank lines.');
}

function readLine({
  text,
  line,
  bar,
  batch,
}: {
  text: string;
  line: number;
  bar: JsonBarReader;
  batch: ParsedBatch;
}): void {
  const fail = (message: string): void => void batch.errors.push({ line, field: 'row', message });
  let value: unknown;
  try {
    value = parseFlat(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return fail('is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof ExactNumber) {
    return fail('is not a JSON object');
  }
  const members = Object.entries(value);
  bar.begin(line);
  for (const [key, member] of members) bar.member(key, scalar(member));
  // JSON.parse keeps the last of two members of one name in silence.
  const keys = text.match(TEXTS)?.filter((found) => found.endsWith(':')).length ?? 0;
  if (keys > members.length && !members.some(([, member]) => isNested(member)))
    return fail('has a field twice');
  const row = bar.end(batch.errors);
  if (row !== null) batch.rows.push(row);
}

/**
 * Parses a line with exact numbers when its values are flat, and with plain ones when they are not: the bar is refused then,
 * and the reviver, which is recursive, could run out of stack. `JSON.parse` by itself is not recursive.
 */
function parseFlat(text: string): unknown {
  const mayNest = text.includes('[') || text.indexOf('{') !== text.lastIndexOf('{');
  if (mayNest) {
    const value = parseJson(text);
    if (typeof value !== 'object' || value === null || Object.values(value).some(isNested)) return value;
  }
  return parseJson(text, exact);
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}

function scalar(value: unknown): JsonScalar {
  if (value instanceof ExactNumber) return { kind: 'number', text: value.text };
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (value === null) return { kind: 'null' };
  if (Array.isArray(value)) return { kind: 'other', what: 'an array' };
  if (typeof value === 'object') return { kind: 'other', what: 'an object' };
  // Without the reviver: the line is refused for what is nested in it, and numbers need not be exact.
  if (typeof value === 'number') return { kind: 'number', text: String(value) };
  return { kind: 'other', what: value === true ? 'true' : 'false' };
}
