import { DomainError } from '../common/errors.js';

/** Nothing is stored for this provider. */
export class CredentialNotFound extends DomainError {
  constructor() {
    super('not-found', 'credential-not-found', 'Nothing is stored for this provider.');
  }
}

/** The stored value does not decrypt: it was altered, or its key is gone. */
export class CredentialUnreadable extends DomainError {
  constructor(cause: unknown) {
    super('refused', 'credential-unreadable', 'What is stored cannot be read any more. Store it again.', {
      cause,
    });
  }
}

/** Two requests stored the first credential of one provider at once. Never leaves the service: the second one replaces. */
export class CredentialRaced extends DomainError {
  constructor() {
    super('conflict', 'credential-raced', 'Somebody stored a credential for this provider at the same time.');
  }
}
