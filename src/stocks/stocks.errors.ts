import { DomainError } from '../common/errors.js';

/** No stock of this symbol is tracked. */
export class StockNotFound extends DomainError {
  constructor(symbol: string) {
    super('not-found', 'stock-not-found', `There is no stock "${symbol}".`);
  }
}

/** The symbol is tracked already, perhaps as an inactive stock. */
export class SymbolTaken extends DomainError {
  constructor(symbol: string) {
    super('conflict', 'symbol-taken', `A stock "${symbol}" exists already.`);
  }
}

/** An inactive stock takes no new bars. */
export class StockInactive extends DomainError {
  constructor(symbol: string) {
    super('refused', 'stock-inactive', `Stock "${symbol}" is inactive; make it active before adding to it.`);
  }
}
