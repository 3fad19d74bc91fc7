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

/** Reads single stocks, and writes them inside the unit of work that it is given. */
@Injectable()
export class StockRepository {
  constructor(private readonly em: EntityManager) {}

  /** The stock of a symbol, active or not; null when there is none. */
  async find(symbol: string): Promise<Stock | null> {
    return this.em.fork().findOne(Stock, { symbol });
  }

  /**
   * The same, locked until the unit of work ends.
   *
   * **Why** a statement of ours: the ORM knows only `for update`, which waits for everybody who makes a row that refers to the stock, such
   * as the first import of its series, however long that takes. Nothing that others refer to is changed here.
   */
  async findForUpdate(em: EntityManager, symbol: string): Promise<Stock | null> {
    await em.execute('select from tracked_stocks where symbol = ? for no key update', [symbol]);
    return em.findOne(Stock, { symbol });
  }

  /** Stores a new stock. **Errors**: `SymbolTaken`. */
  async add(stock: NewStock): Promise<Stock> {
    const em = this.em.fork();
    const created = em.create(Stock, {
      symbol: stock.symbol,
      name: stock.name ?? null,
      exchange: stock.exchange ?? null,
      currency: stock.currency ?? null,
    });
    try {
      await em.persist(created).flush();
    } catch (error) {
      if (driverErrorFacts(error).constraint === 'tracked_stocks_symbol_key')
        throw new SymbolTaken(stock.symbol);
      throw error;
    }
    return created;
  }

  /** Writes what was changed on a stock of this unit of work, and reads back what the database makes of it: version and time. */
  async save(em: EntityManager, stock: Stock): Promise<void> {
    await em.flush();
    await em.refresh(stock);
  }
}
