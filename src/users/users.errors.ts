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

/** A password of the right form that is among the first that anybody would try. */
export class PasswordTooCommon extends DomainError {
  constructor(path: string, message: string) {
    super('refused', 'password-too-common', 'This password is too easy to guess; choose another one.', {
      errors: [{ path, message }],
    });
  }
}

/** The current password was asked for, and another one given. */
export class WrongPassword extends DomainError {
  constructor() {
    super('refused', 'wrong-password', 'This is not the current password.', {
      errors: [{ path: 'currentPassword', message: 'is not the current password' }],
    });
  }
}

/** As many passwords as are allowed are being hashed or wait for it. */
export class PasswordsBusy extends DomainError {
  constructor() {
    super('unavailable', 'passwords-busy', 'Too many passwords are being checked; try again in a moment.', {
      retryAfterSeconds: 2,
    });
  }
}

/** Nobody has this id. */
export class UserNotFound extends DomainError {
  constructor() {
    super('not-found', 'user-not-found', 'There is no such person.');
  }
}

/** The person stands beside or above who wants to change them, or would come to stand above. */
export class RoleTooLow extends DomainError {
  constructor(message: string) {
    super('forbidden', 'role-too-low', message);
  }
}

/** Without a SUPER_ADMIN nobody could make one again. */
export class LastSuperAdmin extends DomainError {
  constructor() {
    super('refused', 'last-super-admin', 'This is the last active SUPER_ADMIN; make another one first.');
  }
}
