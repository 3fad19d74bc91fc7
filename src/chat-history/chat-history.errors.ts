import { DomainError } from '../common/errors.js';

/** No conversation of the caller has this id: there is none, it is somebody else's, or it was deleted. */
export class ConversationNotFound extends DomainError {
  constructor() {
    super('not-found', 'conversation-not-found', 'There is no such conversation.');
  }
}

/** The conversation has no message with this id. */
export class MessageNotFound extends DomainError {
  constructor() {
    super('not-found', 'message-not-found', 'There is no such message in this conversation.');
  }
}

/** The id stands for something else: of whom, or whether it was deleted, is not said. */
export class IdTaken extends DomainError {
  constructor() {
    super('conflict', 'id-taken', 'This id is taken, and not by the same request.');
  }
}

/** A fork cannot show more than there is. */
export class ForkBeyondEnd extends DomainError {
  constructor(lastSeq: number) {
    super('refused', 'fork-beyond-end', `The conversation has ${lastSeq} messages.`, {
      details: { lastSeq },
      errors: [{ path: 'atSeq', message: `must be at most ${lastSeq}` }],
    });
  }
}

/** A fork of a fork of a fork … too often. */
export class ForkTooDeep extends DomainError {
  constructor(maxDepth: number) {
    super('refused', 'fork-too-deep', `A conversation has at most ${maxDepth} ancestors.`);
  }
}

/** A fork only shows the message; it is changed where it was written. */
export class MessageInherited extends DomainError {
  constructor(conversationId: string) {
    super(
      'refused',
      'message-inherited',
      'This message was written in another conversation: change it there.',
      {
        details: { conversationId },
      },
    );
  }
}

/** Metadata that the database would need too much room for: numbers such as 1e300 are short only as text. */
export class MetadataTooLarge extends DomainError {
  constructor() {
    super('invalid', 'metadata-too-large', 'The metadata needs more room than its text.', {
      errors: [{ path: 'metadata', message: 'must be at most 32 KiB as stored' }],
    });
  }
}

/** Nothing can have been meant by it: most likely seconds were taken for milliseconds, or a year was mistyped. */
export class RetainedBeforeMade extends DomainError {
  constructor() {
    super('invalid', 'retained-before-made', 'The conversation was made after retainUntil.', {
      errors: [{ path: 'retainUntil', message: 'must not be before the conversation was made' }],
    });
  }
}
