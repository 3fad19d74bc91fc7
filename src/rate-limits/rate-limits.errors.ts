import { DomainError } from '../common/errors.js';

/** A client has used up its requests of this window. */
export class TooManyRequests extends DomainError {
  constructor(retryAfterSeconds: number) {
    super('too-many', 'too-many-requests', 'Too many requests; wait before sending more.', {
      retryAfterSeconds,
    });
  }
}

/** Too many wrong passwords from this address. The same for accounts that exist and those that do not. */
export class TooManyAttempts extends DomainError {
  constructor(retryAfterSeconds: number) {
    super('too-many', 'too-many-attempts', 'Too many failed attempts; wait before trying again.', {
      retryAfterSeconds,
    });
  }
}
