import { DomainError } from '../common/errors.js';

/** The branch shows no bar at this time. */
export class BarNotFound extends DomainError {
  constructor(symbol: string, time: string) {
    super('not-found', 'bar-not-found', `There is no bar of ${symbol} at ${time}.`);
  }
}

/** The prices of a bar contradict each other or its time. */
export class BarRefused extends DomainError {
  constructor(errors: readonly { readonly path: string; readonly message: string }[]) {
    super('refused', 'bar-refused', 'The bar breaks a rule.', { errors });
  }
}
