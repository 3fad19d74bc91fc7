import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { parseCsv } from '../parse/parse-csv.js';
import { parseJsonArray } from '../parse/parse-json-array.js';
import { parseNdjson } from '../parse/parse-ndjson.js';
import type { ParsedRow, ParseOptions } from '../../bars/bar.types.js';
import type { ParsedBatch } from '../parse/parse.types.js';
import { RowErrors } from './row-errors.js';
import {
  analyzeRows,
  createCarefulRows,
  relaxLimits,
  takeDuplicates,
  takeImpossibleTimes,
  type StagedShape,
} from './staging.queries.js';
import type { FileFormat, ImportRequest } from '../stock-import.types.js';

const CHUNK_BYTES = 256 * 1024;

const PARSERS: Record<
  FileFormat,
  (source: AsyncIterable<Uint8Array>, options: ParseOptions) => AsyncGenerator<ParsedBatch>
> = { csv: parseCsv, json: parseJsonArray, ndjson: parseNdjson };

/**
 * Reads the file row by row, keeps the good rows in a temporary table with their lines and says what is wrong with the others.
 *
 * **Errors**: those of the parsers, for a file that cannot be read at all.
 */
export async function stageCarefully(
  tx: SqlTransaction,
  request: ImportRequest,
  options: ParseOptions,
): Promise<{ readonly shape: StagedShape; readonly errors: RowErrors }> {
  const { create, copy, shape } = createCarefulRows();
  const errors = new RowErrors();
  await tx.run(relaxLimits());
  await tx.run(create);
  const file = createReadStream(request.file.path, { highWaterMark: CHUNK_BYTES });
  const batches = PARSERS[request.format](file, options);
  await pipeline(copyText(batches, errors, request), tx.copyFrom(copy));
  await tx.run(analyzeRows(shape));
  await takeOutTimes(tx, shape, { request, errors });
  await takeOutDuplicates(tx, { request, errors });
  return { shape, errors };
}

async function* copyText(
  batches: AsyncGenerator<ParsedBatch>,
  errors: RowErrors,
  request: ImportRequest,
): AsyncGenerator<string> {
  for await (const { rows, errors: wrong, bytesRead } of batches) {
    errors.add(wrong);
    request.onProgress?.(bytesRead);
    if (rows.length > 0) yield rows.map(copyLine).join('');
  }
}

/** A row in COPY's text format. Every value was checked to be digits, points, or of a symbol, so nothing needs escaping. */
function copyLine(row: ParsedRow): string {
  const { line, symbol, local, instant, open, high, low, close, adjClose, volume } = row;
  const values = [line, symbol, local, instant, open, high, low, close, adjClose, volume];
  return `${values.map((value) => value ?? '\\N').join('\t')}\n`;
}

async function takeOutTimes(
  tx: SqlTransaction,
  shape: StagedShape,
  { request, errors }: { request: ImportRequest; errors: RowErrors },
): Promise<void> {
  const taken = await tx.run(takeImpossibleTimes(shape, request.interval, request.timezone));
  const field = request.interval === '1d' ? 'date' : 'ts';
  errors.add(
    taken.map(([line, future]) => ({
      line: Number(line),
      field,
      message:
        future === true ? 'lies in the future' : `does not exist in ${request.timezone}: the clocks skip it`,
    })),
  );
}

async function takeOutDuplicates(
  tx: SqlTransaction,
  { request, errors }: { request: ImportRequest; errors: RowErrors },
): Promise<void> {
  const taken = await tx.run(takeDuplicates(request.timezone));
  errors.add(
    taken
      .filter(([, other]) => other !== null)
      .map(([line, other]) => ({
        line: Number(line),
        field: request.interval === '1d' ? 'date' : 'ts',
        message: `is the same bar as line ${Number(other)} with other values`,
      })),
  );
}
