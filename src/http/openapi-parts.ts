import type { OpenAPIObject } from '@nestjs/swagger';
import type { Schema } from './openapi-schemas.js';

type Components = NonNullable<OpenAPIObject['components']>;

/** What the tags of the operations stand for, in the order in which they are shown. */
export const TAGS = [
  { name: 'stocks', description: 'Which stocks are tracked.' },
  {
    name: 'stock data',
    description: 'Bars: read them now or as of any revision, import files, correct or withdraw single ones.',
  },
  { name: 'revisions', description: 'Every committed change to stock data, in the order of the commits.' },
  {
    name: 'branches',
    description: 'Other lines of history: fork one, change it apart, merge or discard it.',
  },
  {
    name: 'chat history',
    description: 'Conversations and their messages, in exact order, with the prices that they quote.',
  },
  { name: 'events', description: 'What happens, as it happens: commits, and citations that they restate.' },
  { name: 'sessions', description: 'Signing in and out, and what else is signed in.' },
  { name: 'users', description: 'Accounts: registering, one’s own, and everybody’s for administrators.' },
  {
    name: 'credentials',
    description: 'One’s own secrets for outside services: stored encrypted, shown masked.',
  },
  { name: 'operations', description: 'For whoever runs the service.' },
] as const;

/** How callers say who they are; the operations name these. */
export const SECURITY_SCHEMES: Components['securitySchemes'] = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of a session, from `POST /v1/sessions`.',
  },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-stockroom_session',
    description:
      'The same token, for browsers; without TLS the name is `stockroom_session`. Writes need the Origin of the service, or one of `CORS_ORIGINS`. `Authorization` wins over it.',
  },
  visitor: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Session-Id',
    description:
      'A UUID of version 4 that somebody who has not signed in makes and keeps; signing in makes it worthless.',
  },
};

/** Headers of answers, by the name under which the answers refer to them. */
export const HEADERS = {
  RequestId: {
    description: 'Taken from the request if it is sane, else made here; the logs carry it.',
    schema: { type: 'string' },
  },
  ETag: {
    description: 'The version of what was answered, for If-None-Match and If-Match.',
    schema: { type: 'string', examples: ['"3"'] },
  },
  Link: {
    description: 'The address of the next page, with rel="next"; absent on the last page (RFC 8288).',
    schema: { type: 'string', examples: ['</v1/stocks?cursor=…>; rel="next"'] },
  },
  Location: {
    description: 'The address of what was made.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  RetryAfter: {
    description: 'Seconds after which the same request may succeed.',
    schema: { type: 'integer', minimum: 1 },
  },
  RateLimit: {
    description:
      'Requests left (r) until the window ends in so many seconds (t); others may use them up sooner. Absent where nothing was counted.',
    schema: { type: 'string', examples: ['"default";r=57;t=12'] },
  },
  RateLimitPolicy: {
    description:
      'The limit that counted the request: so many (q) per window of so many seconds (w), for a person over all sessions, or for an address.',
    schema: { type: 'string', examples: ['"default";q=1200;w=60'] },
  },
} as const satisfies Components['headers'];

/** Headers of requests that change what an operation does. */
export const PARAMETERS = {
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'ETags that the caller has; if one of them is current, the answer is 304 without a body.',
    schema: { type: 'string', examples: ['"3"'] },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag that the change is based on; if it is no longer current, the answer is 412.',
    schema: { type: 'string', examples: ['"3"'] },
  },
  ContentEncoding: {
    name: 'Content-Encoding',
    in: 'header',
    required: false,
    description: 'How the file is compressed.',
    schema: { type: 'string', enum: ['gzip', 'identity'] },
  },
} as const satisfies Components['parameters'];

const exactNumber = (description: string): Schema => ({
  type: ['number', 'string', 'null'],
  description: `${description} A number or a decimal string; exponents are refused.`,
});

/** One bar of an imported JSON file. */
export const IMPORTED_BAR: Schema = {
  type: 'object',
  properties: {
    symbol: { type: 'string', description: 'Needed where the file is about many stocks.' },
    date: { type: 'string', format: 'date', description: 'Trading day, for interval 1d.' },
    ts: {
      type: 'string',
      description: 'Start of the bar, for every other interval; RFC 3339, or local time of `timezone`.',
    },
    open: exactNumber('Price.'),
    high: exactNumber('Price.'),
    low: exactNumber('Price.'),
    close: { ...exactNumber('Price.'), type: ['number', 'string'] },
    adjClose: exactNumber('Adjusted price.'),
    volume: exactNumber('Shares traded.'),
  },
  required: ['close'],
  additionalProperties: false,
};

/** Bodies of an import by media type. */
export const IMPORT_BODIES: Readonly<Record<string, Schema>> = {
  'text/csv': {
    type: 'string',
    description:
      'A header row that names the columns, in any order, case and spacing: Date, Datetime or Timestamp (or Date and Time), Open, High, Low, Close, Adj Close, Volume, and Symbol, Ticker, Name or Stock where the file is about many stocks. Other columns are ignored.',
  },
  'application/json': { type: 'array', items: { $ref: '#/components/schemas/ImportedBar' } },
  'application/x-ndjson': { type: 'string', description: 'One ImportedBar a line.' },
};
