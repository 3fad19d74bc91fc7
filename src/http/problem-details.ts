import type { DomainError, ErrorItem, ErrorKind } from '../common/errors.js';

/** RFC 9457, with the project's stable `code`. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly errors?: readonly ErrorItem[];
  readonly [member: string]: unknown;
}

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  timeout: 408,
  conflict: 409,
  stale: 412,
  'too-large': 413,
  'unsupported-media': 415,
  refused: 422,
  'too-many': 429,
  unavailable: 503,
};

const TITLE: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** What a problem document is made of. */
export interface ProblemInput {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly ErrorItem[] | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** The document for one problem. `details` come last but can replace none of the standard members. */
export function problem(input: ProblemInput): ProblemDetails {
  const { status, code, detail, instance, errors, details } = input;
  return {
    ...details,
    type: `urn:stockroom:error:${code}`,
    title: TITLE[status] ?? 'Error',
    status,
    detail,
    instance,
    code,
    ...(errors === undefined ? {} : { errors }),
  };
}

/** The document for an error that was thrown on purpose. */
export function domainProblem(error: DomainError, instance: string): ProblemDetails {
  return problem({
    status: STATUS[error.kind],
    code: error.code,
    detail: error.message,
    instance,
    errors: error.extra.errors,
    details: error.extra.details,
  });
}
