import { DomainError } from '../common/errors.js';

/** No credentials, or none that is valid any more: never said which. */
export class Unauthenticated extends DomainError {
  constructor() {
    super('unauthenticated', 'unauthenticated', 'This needs a valid session.');
  }
}

/** A visitor, or nobody, where somebody signed in is needed. */
export class SignInRequired extends DomainError {
  constructor() {
    super('unauthenticated', 'sign-in-required', 'This needs somebody who has signed in.');
  }
}

/** Unknown login, wrong password and account switched off: one answer for all. */
export class SignInFailed extends DomainError {
  constructor() {
    super('unauthenticated', 'sign-in-failed', 'Login or password is wrong.');
  }
}

/** A valid session whose role may not do this. */
export class Forbidden extends DomainError {
  constructor() {
    super('forbidden', 'forbidden', 'Your role may not do this.');
  }
}

/** What needs the password to have been given within the last five minutes. */
export class RecentSignInRequired extends DomainError {
  constructor() {
    super('forbidden', 'recent-sign-in-required', 'Sign in again: this needs a sign-in within five minutes.');
  }
}

/** A write with the session cookie that another site may have caused. */
export class ForeignOrigin extends DomainError {
  constructor() {
    super(
      'forbidden',
      'foreign-origin',
      'A write with the session cookie needs the Origin of this service, or one that it was told to trust.',
    );
  }
}

/** Two session cookies of one name: one of them was planted, and nobody can tell which. */
export class AmbiguousCookies extends DomainError {
  constructor() {
    super('invalid', 'ambiguous-cookies', 'The request carries two session cookies.', {
      errors: [{ path: 'cookie', message: 'must hold one session cookie' }],
    });
  }
}

/** An `X-Session-Id` that is no UUID of version 4. */
export class InvalidVisitorId extends DomainError {
  constructor() {
    super('invalid', 'invalid-visitor-id', 'X-Session-Id must be a UUID of version 4.', {
      errors: [{ path: 'x-session-id', message: 'must be a UUID of version 4' }],
    });
  }
}

/** No live session of this id, or not yours. */
export class SessionNotFound extends DomainError {
  constructor() {
    super('not-found', 'session-not-found', 'There is no such session.');
  }
}
