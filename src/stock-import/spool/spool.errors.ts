import { DomainError } from '../../common/errors.js';

/** The gzip stream is cut short, damaged, followed by other bytes, or no gzip at all. */
export class ImportGzipBroken extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('invalid', 'import-gzip', message, cause === undefined ? {} : { cause });
  }
}

/** The file is over a size limit, as sent or unpacked, or unpacks to suspiciously much more than was sent. */
export class ImportTooLarge extends DomainError {
  constructor(message: string) {
    super('too-large', 'import-too-large', message);
  }
}

/** A file named on the command line cannot be opened or read. */
export class ImportFileUnreadable extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('invalid', 'import-file', message, cause === undefined ? {} : { cause });
  }
}

/** The sender went silent in the middle of the file. **Units**: milliseconds. */
export class UploadStalled extends DomainError {
  constructor(idleTimeoutMs: number) {
    super(
      'timeout',
      'upload-stalled',
      `Nothing was received for ${idleTimeoutMs / 1000} seconds; nothing was stored.`,
    );
  }
}

/** The sender closed the connection before the end of the file. **Why a kind at all**: nobody is left to see the status. */
export class UploadAborted extends DomainError {
  constructor(cause?: unknown) {
    super('invalid', 'upload-aborted', 'The upload ended before its end; nothing was stored.', { cause });
  }
}

/** There is no room on the disk to keep the upload while it is read. */
export class SpoolFull extends DomainError {
  constructor(cause?: unknown) {
    super('unavailable', 'spool-full', 'There is no room to keep the upload right now; nothing was stored.', {
      retryAfterSeconds: 60,
      cause,
    });
  }
}

/**
 * The folder of uploads is gone, is no folder, or may not be written to. **Why not its name**: a stranger may read the message; the
 * log has the cause.
 */
export class SpoolUnusable extends DomainError {
  constructor(cause: unknown) {
    super(
      'unavailable',
      'spool-unusable',
      'The service has no folder to keep the upload in right now; nothing was stored.',
      { retryAfterSeconds: 60, cause },
    );
  }
}
