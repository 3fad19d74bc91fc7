import fc, { type Arbitrary } from 'fast-check';
import type { ApiClient } from '../support/api-client.js';
import { bodyOf, HOSTILE_TEXTS, textOf, type Schema, type Source } from './api-fuzz-values.js';

/** One request as it is sent. **Shape**: `query` may name a key twice; `type` of the content is null when there is none. */
export interface FuzzRequest {
  readonly operation: FuzzOperation;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly content: { readonly type: string | null; readonly body: string };
}

interface Parameter {
  readonly $ref?: string;
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly schema: Schema;
}

/** An operation as far as requests are made from it. */
export interface FuzzOperation {
  readonly operationId: string;
  readonly method: string;
  readonly template: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** The operations of the document that the service serves. */
export function fuzzOperations({ document }: ApiClient): readonly FuzzOperation[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) =>
        ({
          ...(operation as unknown as FuzzOperation),
          method: method.toUpperCase(),
          template,
        }) satisfies FuzzOperation,
    ),
  );
}

/** Looks up `#/…` in the document. */
export function resolver({ document }: ApiClient): (ref: string) => Schema {
  return (ref) => {
    const parts = ref.split('/').slice(1);
    return parts.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], document) as Schema;
  };
}

/** Requests for one operation. */
export function requestOf(operation: FuzzOperation, source: Source): Arbitrary<FuzzRequest> {
  const parameters = (operation.parameters ?? []).map((parameter) =>
    parameter.$ref === undefined ? parameter : (source.resolve(parameter.$ref) as unknown as Parameter),
  );
  const of = (where: Parameter['in']): readonly Parameter[] => parameters.filter((it) => it.in === where);
  const path = fc
    .tuple(
      ...of('path').map(({ name, schema }) =>
        textOf(schema, name, source).map((text) => [name, text] as const),
      ),
    )
    .map((values) =>
      values.reduce(
        (filled, [name, text]) => filled.replace(`{${name}}`, () => inUrl(text)),
        operation.template,
      ),
    );
  return fc.record({
    operation: fc.constant(operation),
    path,
    query: queryOf(of('query'), source),
    headers: headersOf(of('header'), source),
    content: contentOf(operation, source),
  });
}

/** A folder of dots would be resolved by the client, however it is encoded; half a surrogate pair cannot be sent. */
function inUrl(text: string): string {
  return /^\.{1,2}$/.test(text) ? '...' : encodeURIComponent(text.toWellFormed());
}

function queryOf(parameters: readonly Parameter[], source: Source): Arbitrary<FuzzRequest['query']> {
  const some = parameters.map(({ name, schema }) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: textOf(schema, name, source).map((text) => [[name, text] as const]) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            textOf(schema, name, source),
            textOf(schema, name, source),
            fc.constantFrom(name, `${name}[]`),
          )
          .map(([one, two, second]) => [[name, one] as const, [second, two] as const]),
      },
    ),
  );
  const odd = fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_TEXTS).map((text) => [[text, text] as const]) },
  );
  return fc.tuple(...some, odd).map((entries) => entries.flat());
}

/** Only what a client can send: the rest of what a header could be is refused before any route. */
function headersOf(parameters: readonly Parameter[], source: Source): Arbitrary<FuzzRequest['headers']> {
  const etags = ['"1"', '"2"', '*', 'W/"1"', '"', '""', '1', '"1", "2"', '"'.repeat(300)];
  const some = parameters
    .filter(({ name }) => name !== 'Content-Encoding')
    .map(({ name, schema }) =>
      fc.oneof(
        fc.constant([]),
        fc
          .oneof(fc.constantFrom(...etags), textOf(schema, name, source))
          .filter((text) => /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text))
          .map((text) => [[name.toLowerCase(), text] as const]),
      ),
    );
  return fc.tuple(...some).map((entries) => Object.fromEntries(entries.flat()));
}

function contentOf({ requestBody }: FuzzOperation, source: Source): Arbitrary<FuzzRequest['content']> {
  const content = Object.entries(requestBody?.content ?? {});
  if (content.length === 0) return fc.constant({ type: null, body: '' });
  const json = content.find(([type]) => type === 'application/json')?.[1].schema ?? {};
  const wrong = fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=utf-16', 'x');
  return fc.constantFrom(...content.map(([type]) => type)).chain((type) =>
    fc.record({
      type: fc.oneof({ weight: 19, arbitrary: fc.constant(type) }, { weight: 1, arbitrary: wrong }),
      body: type === 'text/csv' ? csvText(source) : bodyOf(json, source).map((text) => linesOf(type, text)),
    }),
  );
}

const linesOf = (type: string, text: string): string =>
  type === 'application/x-ndjson' ? text.replace(/^\[(.*)\]$/s, '$1').replaceAll('},{', '}\n{') : text;

/** Files of bars: a header of known and unknown columns, and cells that are mostly sound. */
function csvText(source: Source): Arbitrary<string> {
  const columns = [
    'Date',
    'Datetime',
    'Time',
    'Open',
    'High',
    'Low',
    'Close',
    'Adj Close',
    'Volume',
    'Symbol',
    '',
    'X',
  ];
  const cell = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('1', '2.5', '2024-01-02', '2024-01-02T10:00:00Z', '') },
    { weight: 2, arbitrary: fc.constantFrom(...source.known('symbol'), 'T1') },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  );
  const line = fc.array(cell, { minLength: 1, maxLength: 8 }).map((cells) => cells.join(','));
  return fc
    .tuple(
      fc.uniqueArray(fc.constantFrom(...columns), { minLength: 1, maxLength: 8 }),
      fc.array(line, { maxLength: 5 }),
    )
    .map(([header, lines]) => [header.join(','), ...lines].join('\n'));
}
