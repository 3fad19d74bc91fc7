import { DomainError } from '../common/errors.js';

/** Where in the file the problem stands, when that is known. **Units**: `line` counts from 1; for a JSON array it counts items. */
interface FilePlace {
  readonly line?: number;
  readonly cause?: unknown;
}

function placed(place: FilePlace): { details?: { line: number }; cause?: unknown } {
  return {
    ...(place.line === undefined ? {} : { details: { line: place.line } }),
    ...(place.cause === undefined ? {} : { cause: place.cause }),
  };
}

/** The file holds no bars: no bytes, only blank lines, or a header and nothing below it. */
export class ImportEmpty extends DomainError {
  constructor(message: string) {
    super('invalid', 'import-empty', message);
  }
}

/** The first line does not name the columns that are needed, or names one of them twice. */
export class ImportHeaderUnusable extends DomainError {
  constructor(message: string, place: FilePlace = {}) {
    super('invalid', 'import-header', message, placed(place));
  }
}

/** The bytes are not UTF-8 text: another encoding, a compressed or binary file, NUL bytes. */
export class ImportEncodingUnusable extends DomainError {
  constructor(message: string, place: FilePlace = {}) {
    super('invalid', 'import-encoding', message, placed(place));
  }
}

/** The text cannot be split into records from here on: quotes, broken JSON, a record beyond the size limit. */
export class ImportSyntaxBroken extends DomainError {
  constructor(message: string, place: FilePlace = {}) {
    super('invalid', 'import-syntax', message, placed(place));
  }
}

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

/** Rows are wrong and the sender asked for all or nothing. **Shape**: the report stands in the details. */
export class ImportRejected extends DomainError {
  constructor(report: object & { readonly rejected: number }) {
    const rows = report.rejected === 1 ? '1 row is' : `${report.rejected} rows are`;
    super('refused', 'import-rejected', `${rows} wrong; nothing was stored.`, { details: { ...report } });
  }
}

/** PostgreSQL knows no such time zone. */
export class UnknownTimezone extends DomainError {
  constructor(timezone: string) {
    super('invalid', 'unknown-timezone', `There is no time zone "${timezone}".`, {
      errors: [{ path: 'timezone', message: 'must be an IANA time zone such as America/New_York' }],
    });
  }
}

/** As many imports as are allowed run or wait already. */
export class ImportsBusy extends DomainError {
  constructor() {
    super('unavailable', 'imports-busy', 'Too many imports are waiting; try again later.', {
      retryAfterSeconds: 5,
    });
  }
}

/** No body, or of a media type that is no price file. */
export class UnsupportedUpload extends DomainError {
  constructor() {
    super(
      'unsupported-media',
      'unsupported-media-type',
      'Send text/csv, application/json or application/x-ndjson.',
    );
  }
}

/** A content encoding other than gzip. */
export class UnsupportedEncoding extends DomainError {
  constructor(encoding: string) {
    super(
      'unsupported-media',
      'unsupported-encoding',
      `Content-Encoding "${encoding.slice(0, 40)}" is not taken; send gzip or none.`,
    );
  }
}
