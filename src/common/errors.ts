/**
 * What went wrong, in terms of the caller. One filter maps each kind to one HTTP status, in an
 * exhaustive switch, so a new kind does not compile until it has a status.
 */
export type ErrorKind =
  | 'invalid' // 400: malformed, or of the wrong shape
  | 'unauthenticated' // 401
  | 'forbidden' // 403: known, but not allowed by role
  | 'not-found' // 404: missing, or not yours: the two are told apart nowhere
  | 'conflict' // 409
  | 'stale' // 412: If-Match does not match
  | 'too-large' // 413
  | 'unsupported-media' // 415
  | 'refused' // 422: well-formed, refused by a rule
  | 'timeout' // 408: the client took too long to send
  | 'too-many' // 429
  | 'unavailable'; // 503: try again later

/** One thing wrong with one part of a request. **Shape**: `path` is a dotted path into the body or the query. */
export interface ErrorItem {
  readonly path: string;
  readonly message: string;
}

/**
 * The only error that services and repositories throw on purpose. Features subclass it.
 *
 * **Shape**: `code` is stable, kebab-case and listed in `docs/errors.md`; `message` is safe to show to a stranger;
 * `details` are added to the problem document as members of their own; `errors` becomes its `errors` array.
 */
export class DomainError extends Error {
  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly extra: {
      readonly details?: Readonly<Record<string, unknown>>;
      readonly errors?: readonly ErrorItem[];
      /** Seconds after which the same request may succeed; becomes `Retry-After`. */
      readonly retryAfterSeconds?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = new.target.name;
  }
}
