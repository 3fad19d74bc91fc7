import { isUtf8 } from 'node:buffer';
import { ImportEmpty, ImportEncodingUnusable, ImportSyntaxBroken } from '../stock-import.errors.js';
import { MAX_RECORD_BYTES } from './parse.types.js';

const LF = 10;
const CR = 13;
/** As many bytes as the longest mark that tells one kind of file from another. */
const PREFIX_BYTES = 4;

/** Lines of the source. **Shape**: `bytes` ends behind a line break, but for the last block. **Units**: `firstLine` counts from 1. */
export interface LineBlock {
  readonly bytes: Buffer;
  readonly firstLine: number;
  /** From the start of the source, for progress bars. */
  readonly bytesRead: number;
}

/**
 * The source without its byte-order mark, recognised as neither UTF-16 nor compressed.
 *
 * **Errors**: `ImportEncodingUnusable`; `ImportEmpty` when there are no bytes at all.
 */
export async function* sniffedBytes(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let prefix: Buffer | undefined = Buffer.alloc(0);
  for await (const part of source) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    if (prefix === undefined) {
      yield bytes;
      continue;
    }
    prefix = Buffer.concat([prefix, bytes]);
    if (prefix.length < PREFIX_BYTES) continue;
    yield withoutMark(prefix);
    prefix = undefined;
  }
  if (prefix !== undefined) {
    const rest = withoutMark(prefix);
    if (rest.length === 0) throw new ImportEmpty('The file is empty.');
    yield rest;
  }
}

function withoutMark(start: Buffer): Buffer {
  const [first, second, third] = start;
  const utf16 =
    (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0;
  if (utf16) throw new ImportEncodingUnusable('The file is UTF-16 text: save it as UTF-8.', { line: 1 });
  if (first === 0x1f && second === 0x8b) {
    throw new ImportEncodingUnusable(
      'The file is gzip-compressed: send it with Content-Encoding: gzip, or name it .gz.',
    );
  }
  if (start.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1'))) {
    throw new ImportEncodingUnusable('The file is a zip archive or a spreadsheet: send the text inside it.');
  }
  return first === 0xef && second === 0xbb && third === 0xbf ? start.subarray(3) : start;
}

/**
 * Cuts the source into blocks of whole lines, each proven to be UTF-8 without NUL bytes, and none with a line longer than
 * `MAX_RECORD_BYTES`. Never holds more than one such line and one chunk of the source.
 *
 * **Why whole lines**: a line break can not be part of a longer UTF-8 sequence, so a block is valid by itself and the
 * native `isUtf8` (several GB/s) can be asked about it.
 * **Errors**: `ImportEncodingUnusable`, `ImportSyntaxBroken`, `ImportEmpty`.
 */
export async function* wholeLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<LineBlock> {
  const counter = new LineCounter();
  let carry = Buffer.alloc(0);
  let firstLine = 1;
  let bytesRead = 0;
  for await (const chunk of sniffedBytes(source)) {
    bytesRead += chunk.length;
    const cut = counter.scan(chunk);
    if (cut === 0) {
      carry = Buffer.concat([carry, chunk]);
      continue;
    }
    const bytes =
      carry.length === 0 ? chunk.subarray(0, cut) : Buffer.concat([carry, chunk.subarray(0, cut)]);
    requireUtf8(bytes, firstLine);
    yield { bytes, firstLine, bytesRead };
    // A copy: a slice would keep the whole chunk alive.
    carry = Buffer.from(chunk.subarray(cut));
    firstLine = counter.lineAtCut;
  }
  if (carry.length > 0) {
    requireUtf8(carry, firstLine);
    yield { bytes: carry, firstLine, bytesRead };
  }
}

/** Counts lines over chunk borders, and refuses what no line may hold. LF, CRLF and CR each end a line. */
class LineCounter {
  /** The line that begins behind the last cut. */
  lineAtCut = 1;
  private line = 1;
  private length = 0;
  private afterCr = false;

  /** **Shape**: the offset behind the last line break of the chunk, 0 if there is none. */
  scan(chunk: Buffer): number {
    let cut = 0;
    let lineStart = -this.length;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte > CR) continue;
      if (byte === 0)
        throw new ImportEncodingUnusable(`Line ${this.line} holds a NUL byte.`, { line: this.line });
      if (byte !== LF && byte !== CR) continue;
      this.requireLength(i - lineStart);
      const secondHalf = byte === LF && (i === 0 ? this.afterCr : chunk[i - 1] === CR);
      if (!secondHalf) this.line++;
      lineStart = i + 1;
      // Not behind a CR that ends the chunk: an LF may follow, and the two belong together.
      if (byte === LF || i + 1 < chunk.length) {
        cut = i + 1;
        this.lineAtCut = this.line;
      }
    }
    this.length = chunk.length - lineStart;
    this.afterCr = chunk.length > 0 ? chunk[chunk.length - 1] === CR : this.afterCr;
    this.requireLength(this.length);
    return cut;
  }

  private requireLength(length: number): void {
    if (length > MAX_RECORD_BYTES) throw recordTooLong(this.line);
  }
}

/** The error for a record beyond `MAX_RECORD_BYTES`. **Units**: `line` is where the record begins. */
export function recordTooLong(line: number, hint = ''): ImportSyntaxBroken {
  return new ImportSyntaxBroken(
    `The record at line ${line} is longer than ${MAX_RECORD_BYTES} bytes${hint}.`,
    { line },
  );
}

function requireUtf8(bytes: Buffer, firstLine: number): void {
  if (isUtf8(bytes)) return;
  let line = firstLine;
  let start = 0;
  for (let i = 0; i <= bytes.length; i++) {
    const ends = i === bytes.length || bytes[i] === LF || (bytes[i] === CR && bytes[i + 1] !== LF);
    if (!ends) continue;
    if (!isUtf8(bytes.subarray(start, i))) break;
    start = i + 1;
    line++;
  }
  throw notUtf8(line);
}

/** The error for bytes that are no UTF-8. **Units**: as `ParsedRow.line`. */
export function notUtf8(line: number): ImportEncodingUnusable {
  return new ImportEncodingUnusable(
    `Line ${line} is not valid UTF-8 (it may be Latin-1 or Windows-1252): save the file as UTF-8.`,
    { line },
  );
}
