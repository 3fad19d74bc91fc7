import { DomainError } from '../../common/errors.js';

/** The search was ended, so that it takes nothing from anybody else. */
export class SearchTooSlow extends DomainError {
  constructor(withinMs: number, cause: unknown) {
    super(
      'unavailable',
      'search-timeout',
      `The search took longer than ${withinMs / 1000} s and was ended.`,
      {
        retryAfterSeconds: 5,
        cause,
      },
    );
  }
}

/** Too many search at the same time, or the same caller searches too often at once. */
export class TooManySearches extends DomainError {
  constructor() {
    super('unavailable', 'searches-waiting', 'Too many searches are waiting for their turn.', {
      retryAfterSeconds: 2,
    });
  }
}
