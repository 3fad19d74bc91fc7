import { Inject, Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import { SETTINGS, type Settings } from '../config/settings.js';
import { driverErrorFacts } from '../database/driver-errors.js';
import { Shutdown } from '../database/shutdown.service.js';
import { SqlService } from '../database/sql.service.js';
import type { SqlTransaction } from '../database/sql-transaction.js';
import { BARS } from '../stock-data/bars.types.js';
import { StockInactive, StockNotFound } from '../stocks/stocks.errors.js';
import { StocksService, type PreparedSymbols } from '../stocks/stocks.service.js';
import { StoreHistory } from '../versioning/points/store-history.service.js';
import { VersioningService } from '../versioning/versioning.service.js';
import { ScopesNotEmpty, type FirstRows } from '../versioning/commit/first-rows.types.js';
import { MAIN_BRANCH, type CommitReport, type Proposals } from '../versioning/versioning.types.js';
import { ImportTotals } from './totals/import-totals.js';
import { compareFile, type Comparison, isComparable, NotCompared } from './compare/compare-file.js';
import { stageCarefully } from './staging/careful-staging.js';
import { copyDirectly, isDirect, proveFile, type SeriesBySymbol } from './staging/direct-copy.js';
import { fastPlan, isForCarefulPass, NotPlain, stageFast } from './staging/fast-staging.js';
import type { FastPlan } from './parse/fast-pass.js';
import type { ParseOptions } from '../bars/bar.types.js';
import { RowErrors } from './staging/row-errors.js';
import {
  knownTimezone,
  relaxLimits,
  stagedProposals,
  stagedSymbols,
  takeSymbols,
  type StagedShape,
} from './staging/staging.queries.js';
import { ImportRejected, ImportsBusy, UnknownTimezone } from './stock-import.errors.js';
import type { ImportReport, ImportRequest } from './stock-import.types.js';

/** Imports that may wait for their turn, beyond those that run. */
const MAX_WAITING = 20;

/** Brings whole files of bars into the store, each as one revision. */
@Injectable()
export class StockImportService {
  /** What this process has imported since it started. */
  readonly totals = new ImportTotals();
  private readonly turns: ReturnType<typeof pLimit>;

  constructor(
    private readonly sql: SqlService,
    private readonly stocks: StocksService,
    private readonly versioning: VersioningService,
    private readonly history: StoreHistory,
    @Inject(SETTINGS) settings: Settings,
    private readonly shutdown: Shutdown,
  ) {
    this.turns = pLimit(settings.imports.concurrency);
  }

  /**
   * Imports a file that lies on the disk. First its bytes are copied as they are and proven harmless in passing, straight into
   * the bars where there are none yet; what that cannot judge is read again row by row, which finds everything that is wrong.
   *
   * **Errors**: `StockNotFound`, `StockInactive`, `BranchNotFound`, `BranchMerged`, `BranchDiscarded`, `UnknownTimezone`, `ImportsBusy`; those of the parsers for a file that
   * cannot be read; `ImportRejected` with the report when rows are wrong and `onError` is abort. After any error nothing is
   * stored.
   */
  async import(request: ImportRequest): Promise<ImportReport> {
    if (this.turns.pendingCount >= MAX_WAITING) throw new ImportsBusy();
    return this.turns(() =>
      this.totals.counted(request, () => this.history.settled(() => this.importNow(request))),
    );
  }

  private async importNow(request: ImportRequest): Promise<ImportReport> {
    // One that waited for its turn need not begin any more.
    this.shutdown.deadline.throwIfAborted();
    await this.requireTimezone(request.timezone);
    const { interval, dateFormat, symbol, track } = request;
    if (symbol !== null && !track) await this.stocks.requireActive(symbol);
    const options: ParseOptions = { interval, dateFormat, ...(symbol === null ? {} : { symbol }) };
    const report = await this.runPasses(request, options);
    // What is done on a branch is seen on the branch alone, and what is said of a stock has no branches.
    if (!request.dryRun && request.branch === MAIN_BRANCH) await this.stocks.notePull(report.symbols);
    return report.report;
  }

  private async runPasses(request: ImportRequest, options: ParseOptions): Promise<FinishedImport> {
    const plan = await fastPlan(request, options);
    if (plan !== null) {
      try {
        return (
          (await this.directPass(request, plan)) ??
          (await this.comparePass(request, plan)) ??
          (await this.fastPass(request, plan))
        );
      } catch (error) {
        if (!isForCarefulPass(error)) throw error;
      }
    }
    return this.carefulPass(request, options);
  }

  /**
   * The shortest way, for a file whose bars are the first of their series: straight into the table, without staging. **Shape**: null
   * when there is something to compare with, or the file is not made for it.
   */
  private async directPass(request: ImportRequest, plan: FastPlan): Promise<FinishedImport | null> {
    if (request.dryRun || !isDirect(plan, request) || !(await this.seemsFirst(request, plan))) return null;
    const proven = await proveFile(plan, request);
    if (proven === null) return null;
    let series: SeriesBySymbol = new Map();
    try {
      const commit = await this.commit(request, async (tx) => {
        await tx.run(relaxLimits());
        series = await this.seriesOf(tx, request, [...proven]);
        const scopes = [...series.values()];
        if (!(await this.versioning.isEmpty(tx, { table: BARS, branch: request.branch, scopes }))) {
          throw new ScopesNotEmpty();
        }
        return { scopes, write: (_tx, place) => copyDirectly(tx, { plan, request, series, place }) };
      });
      return { symbols: [...series.keys()], report: reportOf(commit, new RowErrors(), request) };
    } catch (error) {
      if (error instanceof ScopesNotEmpty) return null;
      throw error;
    }
  }

  /** Asks for one stock only: to look through a large file for nothing would cost more. */
  private async seemsFirst({ symbol, interval, branch }: ImportRequest, plan: FastPlan): Promise<boolean> {
    const first = symbol ?? plan.firstSymbol;
    if (first === undefined) return false;
    const known = await this.stocks.seriesId(first, interval).catch((error: unknown) => {
      if (error instanceof StockNotFound) return null;
      throw error;
    });
    if (known === null) return true;
    return this.sql.transaction((tx) =>
      this.versioning.isEmpty(tx, { table: BARS, branch, scopes: [known] }),
    );
  }

  /** The series of proven symbols, made if need be. **Errors**: `NotPlain` when one cannot be imported. */
  private async seriesOf(
    tx: SqlTransaction,
    request: ImportRequest,
    symbols: readonly string[],
  ): Promise<SeriesBySymbol> {
    const { symbol } = request;
    if (symbol !== null) return this.seriesOfOne(tx, { ...request, symbol });
    const { unusable, series } = await this.prepare(tx, request, symbols);
    if (unusable.size > 0) throw new NotPlain('symbols that cannot be imported');
    return series;
  }

  /**
   * The way of a file whose bars are stored for the most part: only lines that differ are staged. **Shape**: null when it is better
   * staged whole, or somebody changed the bars it was compared with.
   */
  private async comparePass(request: ImportRequest, plan: FastPlan): Promise<FinishedImport | null> {
    if (!isComparable(plan, request)) return null;
    // Before the transaction, in which it would take a second connection.
    const branchId = await this.versioning.branchId(request.branch);
    let symbols: readonly string[] = [];
    let same = 0;
    let seen = { revision: 0, scopes: [] as readonly number[] };
    const stage = async (tx: SqlTransaction): Promise<Proposals> => {
      const revision = await this.versioning.head(tx);
      const compared = await compareFile(tx, {
        plan,
        request,
        branchId,
        seriesOf: this.seriesFinder(tx, request),
      });
      if (compared === null) throw new NotCompared();
      const { differing, rows, series: known } = compared;
      const shape = await stageFast(tx, plan, request, differing);
      const staged = differing === '' ? [] : await this.resolveSymbols(tx, request, null);
      const series = new Map([...known, ...staged]);
      symbols = [...series.keys()];
      same = rows - (differing.split('\n').length - 1);
      seen = { revision, scopes: [...known.values()] };
      return proposals(request, shape, series);
    };
    const verify = async (tx: SqlTransaction): Promise<void> => {
      if (await this.versioning.isTouchedSince(tx, { table: BARS, branchId, ...seen }))
        throw new NotCompared();
    };
    try {
      const commit = await this.commit(request, stage, verify);
      const report = { ...commit, unchanged: commit.unchanged + same };
      return { symbols, report: reportOf(report, new RowErrors(), request) };
    } catch (error) {
      if (error instanceof NotCompared) return null;
      throw error;
    }
  }

  /** Finds the series of symbols as the import will; none of those that have none yet. **Errors**: `NotPlain` when one cannot be imported. */
  private seriesFinder(tx: SqlTransaction, { interval, track }: ImportRequest): Comparison['seriesOf'] {
    return async (symbols) => {
      const { unusable, series } = await this.stocks.previewSymbols(tx, { symbols, interval, track });
      if (unusable.size > 0) throw new NotPlain('symbols that cannot be imported');
      return new Map([...series].filter(([, id]) => id > 0));
    };
  }

  private async fastPass(request: ImportRequest, plan: FastPlan): Promise<FinishedImport> {
    let symbols: readonly string[] = [];
    const commit = await this.commit(request, async (tx) => {
      const shape = await stageFast(tx, plan, request);
      const series = await this.resolveSymbols(tx, request, null);
      symbols = [...series.keys()];
      return proposals(request, shape, series);
    });
    return { symbols, report: reportOf(commit, new RowErrors(), request) };
  }

  private async carefulPass(request: ImportRequest, options: ParseOptions): Promise<FinishedImport> {
    let symbols: readonly string[] = [];
    let errors = new RowErrors();
    const commit = await this.commit(request, async (tx) => {
      const staged = await stageCarefully(tx, request, options);
      errors = staged.errors;
      const series = await this.resolveSymbols(tx, request, errors);
      symbols = [...series.keys()];
      if (errors.count > 0 && request.onError === 'abort') throw new ImportRejected(rejection(errors));
      return proposals(request, staged.shape, series);
    });
    return { symbols, report: reportOf(commit, errors, request) };
  }

  private async commit(
    request: ImportRequest,
    stage: (tx: SqlTransaction) => Promise<Proposals | FirstRows>,
    verify: (tx: SqlTransaction) => Promise<void> = async () => undefined,
  ): Promise<CommitReport> {
    const { branch, source, message, authorId, dryRun } = request;
    return this.versioning.commit(
      BARS,
      { branch, kind: 'import', source, message, authorId, dryRun },
      { stage, verify },
    );
  }

  /**
   * Makes sure that every staged symbol has a series. Rows of symbols that cannot be imported are taken out and reported, or, in
   * the fast pass (`errors` null), handed to the careful one.
   */
  private async resolveSymbols(
    tx: SqlTransaction,
    request: ImportRequest,
    errors: RowErrors | null,
  ): Promise<SeriesBySymbol> {
    const { symbol } = request;
    if (symbol !== null) return this.seriesOfOne(tx, { ...request, symbol });
    const staged = await tx.run(stagedSymbols(errors !== null));
    const symbols = staged.map(([name]) => String(name));
    const { unusable, series } = await this.prepare(tx, request, symbols);
    if (unusable.size > 0) {
      if (errors === null) throw new NotPlain('symbols that cannot be imported');
      const taken = await tx.run(takeSymbols([...unusable.keys()]));
      errors.add(
        taken.map(([line, name]) => ({
          line: Number(line),
          field: 'symbol',
          message: unusable.get(String(name)) ?? 'cannot be imported',
        })),
      );
    }
    return series;
  }

  /** The series of the stock that the request names; with `track` an unknown one is tracked here, and not when the import fails. */
  private async seriesOfOne(
    tx: SqlTransaction,
    request: ImportRequest & { readonly symbol: string },
  ): Promise<SeriesBySymbol> {
    const { symbol, interval, track, dryRun } = request;
    if (!track && !dryRun) return new Map([[symbol, await this.stocks.ensureSeries(tx, symbol, interval)]]);
    const { unusable, series } = await this.prepare(tx, request, [symbol]);
    if (unusable.size > 0) throw new StockInactive(symbol);
    return series;
  }

  /** A dry run makes no stock and no series. */
  private async prepare(
    tx: SqlTransaction,
    { interval, track, dryRun }: ImportRequest,
    symbols: readonly string[],
  ): Promise<PreparedSymbols> {
    const wanted = { symbols, interval, track };
    return dryRun ? this.stocks.previewSymbols(tx, wanted) : this.stocks.prepareSymbols(tx, wanted);
  }

  private async requireTimezone(timezone: string): Promise<void> {
    try {
      await this.sql.read(knownTimezone(timezone));
    } catch (error) {
      if (driverErrorFacts(error).code === '22023') throw new UnknownTimezone(timezone);
      throw error;
    }
  }
}

interface FinishedImport {
  readonly symbols: readonly string[];
  readonly report: ImportReport;
}

function proposals(request: ImportRequest, shape: StagedShape, series: SeriesBySymbol): Proposals {
  const { timezone, symbol } = request;
  return stagedProposals({ shape, timezone, series, bySymbol: symbol === null });
}

function reportOf(commit: CommitReport, errors: RowErrors, { dryRun }: ImportRequest): ImportReport {
  const { head, inserted, corrected, unchanged, consequences } = commit;
  const report = { inserted, corrected, unchanged, ...rejectedPart(errors) };
  return dryRun ? { revision: null, ...report, consequences } : { revision: head, ...report };
}

/** The report of an import that stored nothing: what is right was not looked at further. */
function rejection(errors: RowErrors): ImportReport {
  return { revision: null, inserted: 0, corrected: 0, unchanged: 0, ...rejectedPart(errors) };
}

function rejectedPart(errors: RowErrors): Pick<ImportReport, 'rejected' | 'errorCount' | 'errors'> {
  return { rejected: errors.rows, errorCount: errors.count, errors: errors.first };
}
