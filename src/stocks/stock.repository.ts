import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { driverErrorFacts } from '../database/driver-errors.js';
import { Stock } from './stock.entity.js';
import { SymbolTaken } from './stocks.errors.js';

/** What can be said of a stock when it is made. */
export interface NewStock {
  readonly symbol: string;
  readonly name?: string | null | undefined;
  readonly exchange?: string | null | undefined;
  readonly currency?: string | null | undefined;
}

/** Reads and writes single stocks through the unit of work. */
@Injectable()
export class StockRepository {
  constructor(private readonly em: EntityManager) {}

  /** The stock of a symbol, active or not; null when there is none. */
  async findBySymbol(symbol: string): Promise<Stock | null> {
    return this.em.findOne(Stock, { symbol });
  }

  /**
   * The same, locked until the surrounding transaction ends.
   *
   * **Why** a statement of ours: the ORM knows only `for update`, which waits for everybody who makes a row that refers to the stock, such
   * as the first import of its series, however long that takes. Nothing that others refer to is changed here.
   */
  async findBySymbolForUpdate(symbol: string): Promise<Stock | null> {
    await this.em.execute('select from tracked_stocks where symbol = ? for no key update', [symbol]);
    return this.findBySymbol(symbol);
  }

  /** Stores a new stock. **Errors**: `SymbolTaken`. */
  async add(stock: NewStock): Promise<Stock> {
    const created = this.em.create(Stock, {
      symbol: stock.symbol,
      name: stock.name ?? null,
      exchange: stock.exchange ?? null,
      currency: stock.currency ?? null,
    });
    try {
      await this.em.persist(created).flush();
    } catch (error) {
      if (driverErrorFacts(error).constraint === 'tracked_stocks_symbol_key')
        throw new SymbolTaken(stock.symbol);
      throw error;
    }
    return created;
  }

  /** Writes what was changed on a stock read here, and reads back what the database makes of it: version and time. */
  async save(stock: Stock): Promise<void> {
    await this.em.flush();
    await this.em.refresh(stock);
  }

  /** Runs `work` as one unit of work: what it changed is written, or nothing. */
  async inTransaction<T>(work: (stocks: StockRepository) => Promise<T>): Promise<T> {
    return this.em.transactional((em) => work(new StockRepository(em)));
  }
}
