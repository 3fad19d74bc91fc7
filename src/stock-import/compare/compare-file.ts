import { createReadStream } from 'node:fs';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';
import { withoutTrailingZeros } from '../parse/copy-lines.js';
import { LineVerifier, type FastPlan } from '../parse/fast-pass.js';
import { fieldSpan } from '../parse/key-order.js';
import { barColumns, timesInUtc } from '../staging/direct.queries.js';
import { CHUNK_BYTES, NotPlain } from '../staging/fast-staging.js';
import type { ImportRequest } from '../stock-import.types.js';
import { DifferingLines } from './differing-lines.js';
import { isoTimes } from './stored-bars.queries.js';
import { StoredBars } from './stored-bars.js';

/** What differs is kept in memory; a file with more of it is staged whole. **Units**: characters, of which a line has about 70. */
const MAX_DIFFERING = 4_000_000;

/** Each run of lines of one stock costs a few statements, so short runs cost more than to stage the file. */
const MIN_LINES_A_RUN = 50;
const RUNS_TO_JUDGE_BY = 20;

/** A price in disguise: zeros at its end are not to be taken off. */
const SYMBOL_LIKE_A_PRICE = /\.\d*0$/;

/** The file is better staged whole. */
export class NotCompared extends Error {
  constructor() {
    super('not compared');
    this.name = 'NotCompared';
  }
}

/** What a look through a file beside the stored bars found. */
export interface ComparedFile {
  /** Lines that are not stored like this, as they may be staged. */
  readonly differing: string;
  /** All lines. */
  readonly rows: number;
  /** Of every stock of the file that has bars: its series. */
  readonly series: ReadonlyMap<string, number>;
}

export interface Comparison {
  readonly plan: FastPlan;
  readonly request: ImportRequest;
  readonly branchId: number;
  /** The series of a stock; null when it has none. */
  readonly seriesOf: (symbol: string) => Promise<number | null>;
}

/** Whether a file can be compared as it is read: its columns are those of bars, its times in UTC, and its branch has no ancestors. */
export function isComparable(plan: FastPlan, { timezone, branch }: ImportRequest): boolean {
  const columns = barColumns(plan.columns.map(({ role }) => role));
  return columns !== null && timezone === 'UTC' && branch === MAIN_BRANCH && plan.lineBreak === '\n';
}

/**
 * Looks through a file for lines that the store lacks or has otherwise. No lock is held, so whoever relies on it must make sure behind
 * the lock that nothing was committed meanwhile.
 *
 * **Shape**: null when it is better staged whole: the order of its lines does not rule out two for the same bar, too much differs, or
 * its stocks have few lines each. **Errors**: `NotPlain` when a line is not of the proven form.
 */
export async function compareFile(tx: SqlTransaction, comparison: Comparison): Promise<ComparedFile | null> {
  const { plan, request } = comparison;
  await tx.run(timesInUtc());
  await tx.run(isoTimes());
  const verifier = new LineVerifier(plan);
  const runs = new Runs(tx, comparison);
  let bytes = plan.headerBytes;
  try {
    const chunks = createReadStream(request.file.path, {
      start: plan.headerBytes,
      highWaterMark: CHUNK_BYTES,
    });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      if (!verifier.push(chunk)) throw new NotPlain('unproven line');
      if (!verifier.ascending || !(await runs.take(verifier.lines, verifier.rows))) return null;
      bytes += chunk.length;
      request.onProgress?.(bytes);
    }
    if (!verifier.end()) throw new NotPlain('unproven end');
    if (!(await runs.take(verifier.lines, verifier.rows))) return null;
    return { differing: runs.differing, rows: verifier.rows, series: runs.series };
  } finally {
    await runs.close();
  }
}

/** The lines of a file, run by run of one stock. */
class Runs {
  readonly series = new Map<string, number>();
  differing = '';
  private readonly symbolColumn: number;
  private readonly keyColumn: number;
  private count = 0;
  private symbol: string | null = null;
  private stored: StoredBars | null = null;
  private lines: DifferingLines | null = null;

  constructor(
    private readonly tx: SqlTransaction,
    private readonly comparison: Comparison,
  ) {
    const { columns } = comparison.plan;
    this.symbolColumn = columns.findIndex(({ role }) => role === 'symbol');
    this.keyColumn = columns.findIndex(({ role }) => role === 'date' || role === 'datetime');
  }

  /** Takes the next lines, `rows` being all so far. **Shape**: false when the file is better staged. */
  async take(text: string, rows: number): Promise<boolean> {
    const lines = withoutTrailingZeros(text);
    for (let from = 0; from < lines.length;) {
      const symbol = this.symbolOf(lines, from);
      const end = this.endOfRun(lines, from, symbol);
      if (symbol !== this.symbol && !(await this.begin(symbol, lines, from))) return false;
      const part = lines.slice(from, end);
      this.differing += this.lines === null ? part : await this.lines.of(part);
      from = end;
    }
    if (this.differing.length > MAX_DIFFERING) return false;
    return this.count < RUNS_TO_JUDGE_BY || rows >= this.count * MIN_LINES_A_RUN;
  }

  async close(): Promise<void> {
    await this.stored?.close();
  }

  private async begin(symbol: string, lines: string, at: number): Promise<boolean> {
    const { plan, branchId, seriesOf } = this.comparison;
    const from = this.field(lines, at, this.keyColumn);
    // Prints of other shapes are not those of the database.
    if (SYMBOL_LIKE_A_PRICE.test(symbol) || !/^[-\d]{10}(?: \d\d:\d\d:\d\d)?$/.test(from)) return false;
    await this.close();
    this.count++;
    this.symbol = symbol;
    const seriesId = await seriesOf(symbol);
    this.stored = null;
    this.lines = null;
    if (seriesId === null) return true;
    this.series.set(symbol, seriesId);
    const roles = plan.columns.map(({ role }) => role);
    this.stored = new StoredBars(this.tx, { roles, symbol, seriesId, branchId, from });
    this.lines = new DifferingLines(this.stored, this.keyColumn);
    return true;
  }

  private symbolOf(lines: string, at: number): string {
    if (this.symbolColumn === -1) return this.comparison.request.symbol ?? '';
    return this.field(lines, at, this.symbolColumn);
  }

  private endOfRun(lines: string, from: number, symbol: string): number {
    if (this.symbolColumn === -1) return lines.length;
    let end = from;
    while (end < lines.length && this.symbolOf(lines, end) === symbol) end = lines.indexOf('\n', end) + 1;
    return end;
  }

  private field(lines: string, start: number, column: number): string {
    return lines.slice(...fieldSpan(lines, { start, end: lines.indexOf('\n', start) + 1 }, column));
  }
}
