import { StandardSchemaValidationPipe } from '@nestjs/common';
import { DomainError, type ErrorItem } from '../common/errors.js';

const MAX_ERRORS = 100;

/** A body, query or path that does not fit its schema. */
export class ValidationFailed extends DomainError {
  constructor(errors: readonly ErrorItem[]) {
    super('invalid', 'validation-failed', 'The request does not have the expected form.', {
      errors: errors.slice(0, MAX_ERRORS),
    });
  }
}

/**
 * The framework's pipe, but for what it takes out of bodies without a word: `constructor` is a name like any other in data that a
 * client keeps. `__proto__` is refused before, where bodies are parsed, and nothing here is merged into anything.
 */
class WholeBodyPipe extends StandardSchemaValidationPipe {
  protected override stripProtoKeys(): void {
    // Nothing is taken out.
  }
}

/** Checks every parameter that has a schema, and hands on what the schema made of it. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new WholeBodyPipe({
    exceptionFactory: (issues) =>
      new ValidationFailed(
        issues.map((issue) => ({
          path: (issue.path ?? [])
            .map((part) => String(typeof part === 'object' ? part.key : part))
            .join('.'),
          message: issue.message,
        })),
      ),
  });
}
