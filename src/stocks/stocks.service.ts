import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { v7 as uuidv7 } from 'uuid';
import type { Interval } from '../bars/bar.types.js';
import { etagOf, requireMatch } from '../common/etag.js';
import { makeCursor, readCursor } from '../common/pagination.js';
import { SqlService } from '../database/sql.service.js';
import { NOBODY, UnitOfWork } from '../database/unit-of-work.service.js';
import { SignerService } from '../encryption/signer.service.js';
import type { SqlTransaction } from '../database/sql-transaction.js';
import type { Stock } from './stock.entity.js';
import { StoreHistory } from '../versioning/points/store-history.service.js';
import { HistoryChanged } from '../versioning/versioning.errors.js';
import { StockRepository, type NewStock } from './stock.repository.js';
import { StockInactive, StockNotFound } from './stocks.errors.js';
import {
  ensureSeries,
  notePull,
  seriesOf,
  seriesOfSymbol,
  seriesOfSymbols,
  stockPage,
  stocksBySymbols,
  trackStocks,
} from './stocks.queries.js';
import type { StockView } from './stocks.types.js';

/** A stock with the ETag of the state that is shown. */
export interface TaggedStock {
  readonly stock: StockView;
  readonly etag: string;
}

/** What a change to a stock may set. A missing member stays as it is; null clears. */
export interface StockChanges {
  readonly name?: string | null | undefined;
  readonly exchange?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly isActive?: boolean | undefined;
}

/** What a list of stocks asks for. */
export interface ListStocks {
  readonly active: boolean | null;
  readonly q: string | null;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Symbols made ready for an import. **Shape**: by symbol, what is wrong with those that cannot be used, and the series of the others. */
export interface PreparedSymbols {
  readonly unusable: ReadonlyMap<string, string>;
  readonly series: ReadonlyMap<string, number>;
}

const REMEMBERED_SERIES = 50_000;

/** Tracked stocks, and the series that their bars key on. */
@Injectable()
export class StocksService {
  // Safe to keep as long as the history does: a series never changes its number and is never removed. Unknown ones are not kept.
  private readonly series = new LRUCache<string, number>({ max: REMEMBERED_SERIES });

  constructor(
    private readonly stocks: StockRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly sql: SqlService,
    private readonly signer: SignerService,
    private readonly history: StoreHistory,
  ) {
    history.onChange(() => this.series.clear());
  }

  /** Starts tracking a stock. **Errors**: `SymbolTaken`. */
  async create(stock: NewStock): Promise<TaggedStock> {
    return tagged(await this.stocks.add(stock));
  }

  /** One stock, active or not. **Errors**: `StockNotFound`. */
  async get(symbol: string): Promise<TaggedStock> {
    const stock = await this.stocks.find(symbol);
    if (stock === null) throw new StockNotFound(symbol);
    return tagged(stock);
  }

  /** A page by symbol. **Shape**: `data` is JSON text of stocks, ready to send. **Errors**: `InvalidCursor`. */
  async list(
    query: ListStocks,
  ): Promise<{ readonly data: readonly string[]; readonly nextCursor: string | null }> {
    const scope = ['stocks', query.active, query.q];
    const [after] = readCursor(this.signer, scope, query.cursor) ?? [null];
    const rows = await this.sql.read(stockPage({ ...query, after: after as string | null }));
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1)?.[0] : undefined;
    return {
      data: page.map(([, json]) => json as string),
      nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last]),
    };
  }

  /** Changes what is said of a stock. **Errors**: `StockNotFound`, `StaleResource` when `ifMatch` is not the current ETag. */
  async update(symbol: string, changes: StockChanges, ifMatch: string | undefined): Promise<TaggedStock> {
    return this.unitOfWork.run(NOBODY, async (em) => {
      const stock = await this.stocks.findForUpdate(em, symbol);
      if (stock === null) throw new StockNotFound(symbol);
      requireMatch(ifMatch, etagOf(stock.version));
      Object.assign(stock, definedMembers(changes));
      await this.stocks.save(em, stock);
      return tagged(stock);
    });
  }

  /** Stops tracking a stock. Its bars stay readable. Doing it again changes nothing. **Errors**: as {@link update}. */
  async remove(symbol: string, ifMatch: string | undefined): Promise<void> {
    await this.update(symbol, { isActive: false }, ifMatch);
  }

  /**
   * The number that the bars of a stock key on at one interval; null while there are none. Remembered: whoever reads by it compares heads
   * (`PointReads`), whoever writes by it asks {@link requireSeries}. **Errors**: `StockNotFound`, `HistoryChanged`.
   */
  async seriesId(symbol: string, interval: Interval): Promise<number | null> {
    const key = `${interval}:${symbol}`;
    const known = this.series.get(key);
    if (known !== undefined) return known;
    const row = await this.sql.readOne(seriesOf(symbol, interval));
    if (row === null) throw new StockNotFound(symbol);
    const [, id, head] = row;
    if (id === null) return null;
    await this.history.confirm(String(head));
    this.series.set(key, Number(id));
    return Number(id);
  }

  /** Lets the number of a series through that is still that stock's. **Errors**: `HistoryChanged`. */
  async requireSeries(
    tx: SqlTransaction,
    known: { readonly symbol: string; readonly interval: Interval; readonly seriesId: number },
  ): Promise<void> {
    const [row] = await tx.run(seriesOf(known.symbol, known.interval));
    if (Number(row?.[1]) !== known.seriesId) throw new HistoryChanged();
  }

  /** The series of a stock at every interval it has bars for. **Errors**: `StockNotFound`. */
  async allSeriesIds(symbol: string): Promise<readonly number[]> {
    const rows = await this.sql.read(seriesOfSymbol(symbol));
    if (rows.length === 0) await this.get(symbol);
    return rows.map(([id]) => Number(id));
  }

  /** Lets an active stock through. **Errors**: `StockNotFound`, `StockInactive`. */
  async requireActive(symbol: string): Promise<void> {
    const { stock } = await this.get(symbol);
    if (!stock.isActive) throw new StockInactive(symbol);
  }

  /** The series of one stock, made inside the transaction if this is its first bar at that interval. */
  async ensureSeries(tx: SqlTransaction, symbol: string, interval: Interval): Promise<number> {
    await tx.run(ensureSeries([symbol], interval));
    const [, id] = await tx.runOne(seriesOf(symbol, interval));
    return Number(id);
  }

  /**
   * Makes the series of many stocks inside the transaction, tracking unknown ones if asked.
   *
   * Rows are made in one order, so that two imports at once cannot wait for each other.
   */
  async prepareSymbols(
    tx: SqlTransaction,
    input: { readonly symbols: readonly string[]; readonly interval: Interval; readonly track: boolean },
  ): Promise<PreparedSymbols> {
    const { symbols, interval, track } = input;
    if (track) await tx.run(trackStocks([...symbols].sort().map((symbol) => ({ id: uuidv7(), symbol }))));
    const unusable = await unusableSymbols(tx, symbols, false);
    const usable = symbols.filter((symbol) => !unusable.has(symbol));
    await tx.run(ensureSeries(usable, interval));
    const rows = await tx.run(seriesOfSymbols(usable, interval));
    return { unusable, series: new Map(rows.map(([symbol, id]) => [String(symbol), Number(id)])) };
  }

  /**
   * The same for a dry run, which makes nothing: stocks and series that would be made get numbers that no series has, below zero.
   */
  async previewSymbols(
    tx: SqlTransaction,
    input: { readonly symbols: readonly string[]; readonly interval: Interval; readonly track: boolean },
  ): Promise<PreparedSymbols> {
    const { symbols, interval, track } = input;
    const unusable = await unusableSymbols(tx, symbols, track);
    const usable = symbols.filter((symbol) => !unusable.has(symbol));
    const rows = await tx.run(seriesOfSymbols(usable, interval));
    const known = new Map(rows.map(([symbol, id]) => [String(symbol), Number(id)]));
    return { unusable, series: new Map(usable.map((symbol, n) => [symbol, known.get(symbol) ?? -1 - n])) };
  }

  /** Notes that bars of these stocks were imported today. */
  async notePull(symbols: readonly string[]): Promise<void> {
    await this.sql.transaction((tx) => tx.run(notePull(symbols)));
  }
}

/** What is wrong with those symbols that cannot be imported. */
async function unusableSymbols(
  tx: SqlTransaction,
  symbols: readonly string[],
  track: boolean,
): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.run(stocksBySymbols(symbols));
  const known = new Map(rows.map(([symbol, , active]) => [symbol, active]));
  const unusable = new Map<string, string>();
  for (const symbol of symbols) {
    const active = known.get(symbol);
    if (active === undefined && !track)
      unusable.set(symbol, `${symbol} is not tracked; add it, or import with track`);
    else if (active === false) unusable.set(symbol, `${symbol} is inactive`);
  }
  return unusable;
}

function definedMembers(changes: StockChanges): Partial<StockChanges> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function tagged(stock: Stock): TaggedStock {
  return {
    etag: etagOf(stock.version),
    stock: {
      id: stock.id,
      symbol: stock.symbol,
      name: stock.name ?? null,
      exchange: stock.exchange ?? null,
      currency: stock.currency ?? null,
      isActive: stock.isActive,
      lastPullDate: stock.lastPullDate ?? null,
      createdAt: stock.createdAt.toISOString(),
      updatedAt: stock.updatedAt.toISOString(),
    },
  };
}
