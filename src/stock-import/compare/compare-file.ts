import { createReadStream } from 'node:fs';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row } from '../../database/statement.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';
import { withoutTrailingZeros } from '../parse/copy-lines.js';
import { LineVerifier, type FastPlan, type FastRole } from '../parse/fast-pass.js';
import { barColumns, timesInUtc } from '../staging/direct.queries.js';
import { CHUNK_BYTES, NotPlain } from '../staging/fast-staging.js';
import type { ImportRequest } from '../stock-import.types.js';
import { differingLines } from './differing-lines.js';
import { type FilePart, FileParts } from './file-parts.js';
import { isoTimes, storedParts } from './stored-bars.queries.js';

/** What differs is kept in memory; a file with more of it is staged whole. **Units**: characters, of which a line has about 70. */
const MAX_DIFFERING = 4_000_000;

/** What is looked for at once: enough that a statement costs little beside its bars, and little enough to be young garbage. **Units**: characters. */
const BLOCK = 512 * 1024;

/** Each run of lines of one stock is looked for apart, so short runs cost more than to stage the file. */
const MIN_LINES_A_RUN = 50;
const RUNS_TO_JUDGE_BY = 20;

/** More bars stored than this for each line mean that the file has only few of them: it costs less to stage these. */
const STORED_A_LINE = 2;
const STORED_MORE = 1_000;

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
  /** The series of these stocks; none of a stock that has none. */
  readonly seriesOf: (symbols: readonly string[]) => Promise<ReadonlyMap<string, number>>;
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
 * **Shape**: null when it is better staged whole: the order of its lines does not rule out two for the same bar, too much differs, its
 * stocks have few lines each, or few of their bars. **Errors**: `NotPlain` when a line is not of the proven form.
 */
export async function compareFile(tx: SqlTransaction, comparison: Comparison): Promise<ComparedFile | null> {
  const { plan, request } = comparison;
  await tx.run(timesInUtc());
  await tx.run(isoTimes());
  const verifier = new LineVerifier(plan);
  const blocks = new Blocks(tx, comparison);
  let bytes = plan.headerBytes;
  try {
    const chunks = createReadStream(request.file.path, {
      start: plan.headerBytes,
      highWaterMark: CHUNK_BYTES,
    });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      if (!verifier.push(chunk)) throw new NotPlain('unproven line');
      if (!verifier.ascending || !(await blocks.add(verifier.lines, verifier.rows))) return null;
      bytes += chunk.length;
      request.onProgress?.(bytes);
    }
    if (!verifier.end()) throw new NotPlain('unproven end');
    // Once more, for a last line without its line break.
    if (!verifier.ascending) return null;
    if (!(await blocks.add(verifier.lines, verifier.rows)) || !(await blocks.finish())) return null;
    return { differing: blocks.differing, rows: verifier.rows, series: blocks.series };
  } finally {
    await blocks.close();
  }
}

/** Parts of a file, and the answer of the store to each of those that it may have. */
interface Asked {
  readonly parts: readonly FilePart[];
  readonly stored: Promise<readonly Row[]>;
}

/** The lines of a file, some thousands at a time: the next ones are looked for in the store while those before are compared. */
class Blocks {
  readonly series = new Map<string, number>();
  differing = '';
  private readonly roles: readonly FastRole[];
  private readonly keyColumn: number;
  private readonly gathered: FileParts;
  private readonly looked = new Set<string>();
  private asked: Asked | null = null;
  private size = 0;
  private rows = 0;

  constructor(
    private readonly tx: SqlTransaction,
    private readonly comparison: Comparison,
  ) {
    this.roles = comparison.plan.columns.map(({ role }) => role);
    this.keyColumn = this.roles.findIndex((role) => role === 'date' || role === 'datetime');
    this.gathered = new FileParts(this.roles, comparison.request.symbol ?? '');
  }

  /** Takes the next lines, `rows` being all so far. **Shape**: false when the file is better staged. */
  async add(text: string, rows: number): Promise<boolean> {
    const lines = withoutTrailingZeros(text);
    this.gathered.add(lines, rows - this.rows);
    this.rows = rows;
    this.size += lines.length;
    const { runs } = this.gathered;
    if (runs >= RUNS_TO_JUDGE_BY && rows < runs * MIN_LINES_A_RUN) return false;
    return this.size < BLOCK || this.next();
  }

  /** Looks through what is left. **Shape**: as {@link add}. */
  async finish(): Promise<boolean> {
    return (await this.next()) && this.next();
  }

  /** Waits until no statement is under way, which is not for the transaction to go on beside. */
  async close(): Promise<void> {
    await this.asked?.stored.catch(() => undefined);
  }

  /** Asks for what was gathered, and compares what was asked for before. */
  private async next(): Promise<boolean> {
    this.size = 0;
    const before = this.asked;
    // One statement at a time: the driver takes no second one, and what is said behind one that failed says nothing of it.
    const stored = (await before?.stored) ?? [];
    const parts = this.gathered.take();
    if (!parts.every(isPrintedAlike)) return false;
    await this.lookUp(parts);
    this.asked = { parts, stored: this.storedOf(parts) };
    // Whoever waits for it is told; there may be nobody.
    this.asked.stored.catch(() => undefined);
    if (before !== null && !this.compare(before.parts, stored)) return false;
    return this.differing.length <= MAX_DIFFERING;
  }

  private async storedOf(parts: readonly FilePart[]): Promise<readonly Row[]> {
    const known = parts.flatMap((part) => {
      const seriesId = this.series.get(part.symbol);
      return seriesId === undefined ? [] : [{ ...part, seriesId, limit: limitOf(part) }];
    });
    return known.length === 0 ? [] : this.tx.run(storedParts(this.roles, this.comparison.branchId, known));
  }

  private async lookUp(parts: readonly FilePart[]): Promise<void> {
    const symbols = [...new Set(parts.map(({ symbol }) => symbol))].filter((one) => !this.looked.has(one));
    if (symbols.length === 0) return;
    for (const [symbol, id] of await this.comparison.seriesOf(symbols)) this.series.set(symbol, id);
    for (const symbol of symbols) this.looked.add(symbol);
  }

  /** **Shape**: false when the store has too much that the file has not. */
  private compare(parts: readonly FilePart[], stored: readonly Row[]): boolean {
    const answers = stored.values();
    for (const part of parts) {
      if (!this.series.has(part.symbol)) {
        this.differing += part.lines;
        continue;
      }
      const [lines, bars] = answers.next().value ?? [];
      if (Number(bars) >= limitOf(part)) return false;
      this.differing += differingLines(part.lines, (lines as string | null) ?? '', this.keyColumn);
    }
    return true;
  }
}

function limitOf({ rows }: FilePart): number {
  return rows * STORED_A_LINE + STORED_MORE;
}

/** Whether the database prints such lines the same way. */
function isPrintedAlike({ symbol, first }: FilePart): boolean {
  return !SYMBOL_LIKE_A_PRICE.test(symbol) && /^[-\d]{10}(?: \d\d:\d\d:\d\d)?$/.test(first);
}
