import { once } from 'node:events';
import { TextDecoder } from 'node:util';
import { parser, type Token } from 'stream-json/parser.js';
import type { DomainError } from '../../common/errors.js';
import { ImportEmpty, ImportEncodingUnusable, ImportSyntaxBroken } from '../stock-import.errors.js';
import { BarReader } from '../../bars/bar-reader.js';
import { JsonBarReader, type JsonScalar } from './json-bar.js';
import type { ParseOptions } from '../../bars/bar.types.js';
import { MAX_RECORD_BYTES, type ParsedBatch } from './parse.types.js';
import { notUtf8, recordTooLong, sniffedBytes } from './source-bytes.js';

/** Deeper values than any bar has are skipped, up to this depth; below it the file is refused. */
const MAX_DEPTH = 32;
/** The size of an item is checked after every piece of this size. **Units**: bytes. */
const PIECE_BYTES = 16 * 1024;

/**
 * Reads a file that is one JSON array of bars.
 *
 * **Shape**, **Errors**: as `parseCsv`; lines count items of the array, from 1.
 */
export async function* parseJsonArray(
  source: AsyncIterable<Uint8Array>,
  options: ParseOptions,
): AsyncGenerator<ParsedBatch> {
  const items = new ArrayItems(options);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let bytesRead = 0;
  for await (const chunk of sniffedBytes(source)) {
    bytesRead += chunk.length;
    items.batch = { rows: [], errors: [], bytesRead };
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      const piece = chunk.subarray(start, start + PIECE_BYTES);
      if (piece.includes(0)) {
        throw new ImportEncodingUnusable(`Item ${items.line} holds a NUL byte.`, { line: items.line });
      }
      await items.push(decode(decoder, piece, items.line));
    }
    yield items.batch;
  }
  items.batch = { rows: [], errors: [], bytesRead };
  decode(decoder, undefined, items.line);
  await items.end();
  yield items.batch;
}

function decode(decoder: TextDecoder, piece: Uint8Array | undefined, line: number): string {
  try {
    return decoder.decode(piece, { stream: piece !== undefined });
  } catch {
    throw notUtf8(line);
  }
}

/** Follows the tokens of stream-json and makes bars of the objects one level below the array. */
class ArrayItems {
  batch: ParsedBatch = { rows: [], errors: [], bytesRead: 0 };
  /** The item that is being read, or comes next. */
  line = 1;
  // Whole values only: a value is bounded by the size of its item.
  private readonly tokens = parser.asStream({ packValues: true, streamValues: false });
  private readonly bar: JsonBarReader;
  private depth = 0;
  private key = '';
  private inBar = false;
  private itemLength = 0;
  private failure: DomainError | undefined;

  constructor(options: ParseOptions) {
    this.bar = new JsonBarReader(new BarReader(options, options.dateFormat ?? 'iso'));
    this.tokens.on('data', (token: Token) => this.take(token));
    // Failures arrive through the callbacks below; without a listener they would also end the process.
    this.tokens.on('error', () => undefined);
  }

  /**
   * **Why item by item**: the tokens of a text that turns out to be broken are never given out, so a longer text would be
   * refused at the item it began with.
   */
  async push(text: string): Promise<void> {
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('}', start) + 1 || text.length;
      const line = this.line;
      await this.write(text.slice(start, end));
      this.itemLength = this.line === line ? this.itemLength + end - start : 0;
      if (this.itemLength > MAX_RECORD_BYTES) throw recordTooLong(this.line);
      start = end;
    }
  }

  private write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.tokens.write(text, (error) => {
        const failure = error ? this.broken() : this.failure;
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
  }

  async end(): Promise<void> {
    const ended = once(this.tokens, 'end');
    this.tokens.end();
    await ended.catch(() => Promise.reject(this.broken()));
    if (this.line === 1) throw new ImportEmpty('The array holds no bars.');
  }

  private broken(): ImportSyntaxBroken {
    const line = this.line;
    return new ImportSyntaxBroken(`The file stops being a JSON array of bars at item ${line}.`, { line });
  }

  private take(token: Token): void {
    if (this.failure !== undefined) return;
    switch (token.name) {
      case 'startArray':
      case 'startObject':
        return this.open(token.name === 'startArray' ? 'an array' : 'an object');
      case 'endArray':
      case 'endObject':
        return this.close();
      case 'keyValue':
        this.key = token.value;
        return;
      case 'numberValue':
        return this.value({ kind: 'number', text: token.value });
      case 'stringValue':
        return this.value({ kind: 'text', text: token.value });
      case 'nullValue':
        return this.value({ kind: 'null' });
      default:
        return this.value({ kind: 'other', what: 'value' in token ? String(token.value) : token.name });
    }
  }

  private open(what: 'an array' | 'an object'): void {
    this.depth++;
    if (this.depth > MAX_DEPTH) this.fail(`Item ${this.line} is nested more than ${MAX_DEPTH} levels deep.`);
    if (this.depth === 1 && what !== 'an array')
      this.fail('The file is one JSON object, not an array of bars.');
    if (this.depth === 2) {
      this.inBar = what === 'an object';
      this.bar.begin(this.line);
    }
    if (this.depth === 3 && this.inBar) this.bar.member(this.key, { kind: 'other', what });
  }

  private close(): void {
    this.depth--;
    if (this.depth === 1) this.finishItem();
  }

  private value(value: JsonScalar): void {
    if (this.depth === 0) this.fail('The file is a single JSON value, not an array of bars.');
    if (this.depth === 1) this.refuseItem();
    if (this.depth === 2 && this.inBar) this.bar.member(this.key, value);
  }

  private finishItem(): void {
    if (!this.inBar) return this.refuseItem();
    const row = this.bar.end(this.batch.errors);
    if (row !== null) this.batch.rows.push(row);
    this.line++;
  }

  private refuseItem(): void {
    this.batch.errors.push({ line: this.line, field: 'row', message: 'is not a JSON object' });
    this.line++;
  }

  private fail(message: string): void {
    this.failure ??= new ImportSyntaxBroken(message, { line: this.line });
  }
}
