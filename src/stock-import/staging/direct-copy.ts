import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { BARS } from '../../stock-data/bars.types.js';
import type { CommitPlace } from '../../versioning/commit/first-rows.types.js';
import { CopyLines, UnknownSymbol, type LineAdditions } from '../parse/copy-lines.js';
import { type FastPlan, LineVerifier } from '../parse/fast-pass.js';
import type { ImportRequest } from '../stock-import.types.js';
import { barColumns, copyBars, copyTime, hasFutureBars, timesInUtc } from './direct.queries.js';
import { CHUNK_BYTES, NotPlain } from './fast-staging.js';

/** Each symbol of a file with the number of its series. */
export type SeriesBySymbol = ReadonlyMap<string, number>;

/** Whether a file may go straight into the bars, if nothing is there yet: its columns are theirs, its times in UTC. */
export function isDirect(plan: FastPlan, { timezone, dryRun }: ImportRequest): boolean {
  // A dry run keeps nobody waiting longer than it must: it is staged.
  return timezone === 'UTC' && !dryRun && barColumns(plan.columns.map(({ role }) => role)) !== null;
}

/**
 * Looks through a file before anybody waits for it.
 *
 * **Shape**: the symbols of its lines; null when their order leaves open whether two are for the same bar.
 * **Errors**: `NotPlain` when a line is not of the proven form.
 */
export async function proveFile(plan: FastPlan, request: ImportRequest): Promise<ReadonlySet<string> | null> {
  const verifier = new LineVerifier(plan);
  for await (const chunk of linesOf(plan, request)) {
    if (!verifier.push(chunk)) throw new NotPlain('unproven line');
    if (!verifier.ascending) return null;
  }
  if (!verifier.end()) throw new NotPlain('unproven end');
  return verifier.ascending ? verifier.symbols : null;
}

/**
 * Copies a proven file into the bars of a revision. Its lines are proven once more in passing: a file of this machine may
 * change under our hands, and what nobody proved must not reach the bars.
 *
 * **Shape**: how many bars. **Errors**: `NotPlain` when it is no longer what it was, or a bar lies in the future; those of
 * the database for what a bar may not be.
 */
export async function copyDirectly(
  tx: SqlTransaction,
  input: { plan: FastPlan; request: ImportRequest; series: SeriesBySymbol; place: CommitPlace },
): Promise<number> {
  const { plan, request, series, place } = input;
  const columns = barColumns(plan.columns.map(({ role }) => role));
  if (columns === null) throw new NotPlain('columns that no bar has');
  const symbolColumn = plan.columns.findIndex(({ role }) => role === 'symbol');
  const own = { branch_id: place.branchId, valid_from: place.revision };
  const shared = symbolColumn === -1 ? { ...own, [BARS.scope]: [...series.values()][0] ?? 0 } : own;
  const verifier = new LineVerifier(plan);
  const lines = { symbolColumn, series, prefix: Object.values(shared) };
  await tx.run(timesInUtc());
  await tx.run(copyTime(request.file.bytes));
  await pipeline(
    linesOf(plan, request),
    rewritten(verifier, lines, request),
    tx.copyFrom(copyBars([...Object.keys(shared), ...columns])),
  );
  const [future] = await tx.runOne(
    hasFutureBars({ interval: request.interval, series: [...series.values()], branchId: place.branchId }),
  );
  if (future === true) throw new NotPlain('a bar in the future');
  return verifier.rows;
}

function linesOf(plan: FastPlan, { file }: ImportRequest): AsyncIterable<Buffer> {
  return createReadStream(file.path, { start: plan.headerBytes, highWaterMark: CHUNK_BYTES });
}

function rewritten(verifier: LineVerifier, additions: LineAdditions, request: ImportRequest) {
  const lines = new CopyLines(additions);
  const proven = (isProven: boolean): Buffer => {
    if (!isProven) throw new NotPlain('changed since it was proven');
    return Buffer.from(rewrite(lines, verifier.lines), 'latin1');
  };
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of chunks) {
      yield proven(verifier.push(chunk));
      bytes += chunk.length;
      request.onProgress?.(bytes);
    }
    yield proven(verifier.end());
  };
}

function rewrite(lines: CopyLines, text: string): string {
  try {
    return lines.rewrite(text);
  } catch (error) {
    if (error instanceof UnknownSymbol) throw new NotPlain(error.message);
    throw error;
  }
}
