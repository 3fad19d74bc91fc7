import { DomainError } from '../common/errors.js';

/** Whoever runs the service keeps it to themselves who gets an account. */
export class RegistrationDisabled extends DomainError {
  constructor() {
    super('forbidden', 'registration-disabled', 'Nobody can register here; ask whoever runs the service.');
  }
}
