import { DomainError } from '../common/errors.js';

/** Somebody has this email already, in whatever case. */
export class EmailTaken extends DomainError {
  constructor() {
    super('conflict', 'email-taken', 'This email is taken.', {
      errors: [{ path: 'email', message: 'is taken' }],
    });
  }
}

/** Somebody has this username already, in whatever case. */
export class UsernameTaken extends DomainError {
  constructor() {
    super('conflict', 'username-taken', 'This username is taken.', {
      errors: [{ path: 'username', message: 'is taken' }],
    });
  }
}

/** An email, username or password that no account may have. */
export class UserRefused extends DomainError {
  constructor(errors: readonly { readonly path: string; readonly message: string }[]) {
    super('invalid', 'validation-failed', 'The request does not have the expected form.', { errors });
  }
}

/** As many passwords as are allowed are being hashed or wait for it. */
export class PasswordsBusy extends DomainError {
  constructor() {
    super('unavailable', 'passwords-busy', 'Too many people are signing in at once; try again in a moment.', {
      retryAfterSeconds: 2,
    });
  }
}
