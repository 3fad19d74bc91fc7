import { DomainError } from '../common/errors.js';

/** The database cannot be reached, is starting, or dropped the connection. Nothing is known to be lost: try again. */
export class DatabaseUnavailable extends DomainError {
  constructor(cause?: unknown) {
    super('unavailable', 'database-unavailable', 'The database cannot be reached right now.', {
      retryAfterSeconds: 2,
      cause,
    });
  }
}

/** Every pooled connection was busy for longer than the configured wait. */
export class DatabaseBusy extends DomainError {
  constructor(cause?: unknown) {
    super('unavailable', 'database-busy', 'The database is busy; no connection became free in time.', {
      retryAfterSeconds: 1,
      cause,
    });
  }
}

/** Too many changes wait for the same thing, or waited for it too long. */
export class TooManyWaiting extends DomainError {
  constructor() {
    super(
      'unavailable',
      'changes-waiting',
      'Too many changes are waiting for their turn; this one was not made.',
      { retryAfterSeconds: 5 },
    );
  }
}

/** A statement ran into one of the configured time limits, or lost every retry against concurrent work. */
export class DatabaseTimeout extends DomainError {
  constructor(cause?: unknown) {
    super('unavailable', 'database-timeout', 'The database did not answer in time; nothing was changed.', {
      retryAfterSeconds: 2,
      cause,
    });
  }
}

/** The database has no disk space left, so nothing can be written; reads go on. */
export class DatabaseStorageFull extends DomainError {
  constructor(cause?: unknown) {
    super('unavailable', 'storage-full', 'The database has no space left; nothing was stored.', {
      retryAfterSeconds: 60,
      cause,
    });
  }
}

/** The process is stopping, and what was under way did not end in the time that it had. */
export class ShuttingDown extends DomainError {
  constructor(cause?: unknown) {
    super(
      'unavailable',
      'shutting-down',
      'The service is being stopped and ended this request; nothing was changed. Send it again.',
      { retryAfterSeconds: 2, cause },
    );
  }
}

/**
 * The database refuses for a reason that waiting does not mend: wrong password, unknown database, missing roles, wrong
 * version. Ends a start or a command; never leaves the service over HTTP.
 */
export class DatabaseSetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseSetupError';
  }
}
