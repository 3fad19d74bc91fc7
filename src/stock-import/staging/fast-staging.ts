import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { driverErrorFacts } from '../../database/driver-errors.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { LineVerifier, planFastPass, type FastPlan } from '../parse/fast-pass.js';
import type { ParseOptions } from '../../bars/bar.types.js';
import {
  analyzeRows,
  createFastRows,
  hasDuplicates,
  hasImpossibleTimes,
  relaxLimits,
  type StagedShape,
} from './staging.queries.js';
import type { ImportRequest } from '../stock-import.types.js';

const HEADER_BYTES = 64 * 1024;
/**
 * Large enough that the cost of a chunk vanishes, small enough that its text is collected with the young garbage: with four times as
 * much the service held 35 MB more.
 */
export const CHUNK_BYTES = 64 * 1024;

/** The file is not of the plain form that can be copied as it is; the careful pass says what it is. */
export class NotPlain extends Error {
  constructor(reason: string) {
    super(`not plain: ${reason}`);
    this.name = 'NotPlain';
  }
}

/** How the file's bytes can go to PostgreSQL as they are; null when its header already says that they cannot. */
export async function fastPlan(request: ImportRequest, options: ParseOptions): Promise<FastPlan | null> {
  if (request.format !== 'csv') return null;
  const file = await open(request.file.path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return planFastPass(buffer.subarray(0, bytesRead), options);
  } finally {
    await file.close();
  }
}

/**
 * Copies the file's own bytes into a temporary table of its own columns, while every line is proven harmless in passing.
 * PostgreSQL parses on the other core. With `lines`, these are staged and nothing else of the file.
 *
 * **Errors**: `NotPlain` for whatever only the careful pass can judge.
 */
export async function stageFast(
  tx: SqlTransaction,
  plan: FastPlan,
  request: ImportRequest,
  lines: string | null = null,
): Promise<StagedShape> {
  const { create, copy, shape } = createFastRows(plan.columns.map(({ role }) => role));
  await tx.run(relaxLimits());
  await tx.run(create);
  if (lines === '') return shape;
  const verifier = new LineVerifier(plan);
  const source =
    lines === null
      ? createReadStream(request.file.path, { start: plan.headerBytes, highWaterMark: CHUNK_BYTES })
      : Readable.from([Buffer.from(lines, 'latin1')]);
  await pipeline(source, proven(verifier, plan, request), tx.copyFrom(copy));
  await tx.run(analyzeRows(shape));
  if (!verifier.ascending && (await tx.runOne(hasDuplicates(shape, request.timezone)))[0] === true) {
    throw new NotPlain('repeated bars');
  }
  const [impossible] = await tx.runOne(hasImpossibleTimes(shape, request.interval, request.timezone));
  if (impossible === true) throw new NotPlain('impossible times');
  return shape;
}

/** Passes the bytes on as long as they are proven. */
function proven(verifier: LineVerifier, plan: FastPlan, request: ImportRequest) {
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = plan.headerBytes;
    for await (const chunk of chunks) {
      if (!verifier.push(chunk)) throw new NotPlain('unproven line');
      bytes += chunk.length;
      request.onProgress?.(bytes);
      yield chunk;
    }
    if (!verifier.end()) throw new NotPlain('unproven end');
  };
}

/** True when the fast pass ended on something that the careful pass can explain: a value or a rule, not trouble. */
export function isForCarefulPass(error: unknown): boolean {
  if (error instanceof NotPlain) return true;
  // 22: data exception (30 February); 23514: a rule of the table (low above high); 23505: a bar twice, in a file that was
  // changed while it was copied.
  return /^(22...|23514|23505)$/.test(driverErrorFacts(error).code ?? '');
}
