import { DomainError } from '../../common/errors.js';

/** `Last-Event-ID` is none that this service gives. */
export class InvalidEventId extends DomainError {
  constructor() {
    super('invalid', 'invalid-event-id', 'Last-Event-ID is not the id of an event.', {
      errors: [{ path: 'Last-Event-ID', message: 'must be the id of an event, such as 42' }],
    });
  }
}

/** `Last-Event-ID` names a revision that is not there yet: it is of another database, or of one from before a restore. */
export class EventIdInFuture extends DomainError {
  constructor(head: number) {
    super(
      'invalid',
      'event-id-in-future',
      `Last-Event-ID is in the future; the newest revision is ${head}.`,
      {
        errors: [{ path: 'Last-Event-ID', message: 'must not be in the future' }],
      },
    );
  }
}

const RETRY_AFTER_SECONDS = 5;

/** The caller has as many streams open as one may have. */
export class TooManyEventStreams extends DomainError {
  constructor(limit: number) {
    super('too-many', 'too-many-event-streams', `At most ${limit} event streams may be open: close one.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
}

/** This process keeps as many streams as it can, or is stopping. */
export class NoEventStreamFree extends DomainError {
  constructor() {
    super(
      'unavailable',
      'no-event-stream-free',
      'No event stream is free here; another replica may have one.',
      {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      },
    );
  }
}
