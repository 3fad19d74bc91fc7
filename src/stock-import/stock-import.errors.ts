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

/** Rows are wrong and the sender asked for all or nothing. **Shape**: the report stands in the details. */
export class ImportRejected extends DomainError {
  /** Rows that are wrong. */
  readonly rejected: number;

  constructor(report: object & { readonly rejected: number }) {
    const rows = report.rejected === 1 ? '1 row is' : `${report.rejected} rows are`;
    super('refused', 'import-rejected', `${rows} wrong; nothing was stored.`, { details: { ...report } });
    this.rejected = report.rejected;
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
