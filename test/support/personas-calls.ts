import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Expectation } from './personas-expectations.js';
import type { ApiAnswer, ApiClient } from './api-client.js';
import type { Things, World } from './personas-world.js';

/** One operation as the document has it. */
export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  /** With its parameters in braces. */
  readonly template: string;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Every operation of the document that the service serves. */
export function operationsOf({ document }: ApiClient): readonly DocumentedOperation[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({
        id: (operation as { operationId?: string }).operationId ?? `${method} ${template}`,
        method: method.toUpperCase(),
        template,
      })),
  );
}

/** One request of the matrix. */
export interface MatrixCall {
  readonly operation: DocumentedOperation;
  readonly expectation: Expectation;
  readonly world: World;
  readonly api: ApiClient;
  readonly things: Things;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a sound call of an operation about these things. **Why** a request id: so that not even that differs between answers. */
export async function call(input: MatrixCall): Promise<ApiAnswer> {
  const { operation, expectation, world, api, things } = input;
  const path = Object.entries(expectation.path).reduce(
    (text, [parameter, thing]) => text.replace(`{${parameter}}`, encodeURIComponent(things[thing])),
    operation.template,
  );
  if (expectation.endless) return beginning(api, path, { 'x-request-id': 'isolation', ...input.headers });
  const json = expectation.json?.(world);
  return api.send(operation.method, path, {
    query: { ...expectation.query, ...input.query },
    headers: { 'x-request-id': 'isolation', ...input.headers },
    ...(json === undefined ? {} : { json }),
  });
}

/** An answer without end, cut behind its headers; any other whole. */
async function beginning(
  api: ApiClient,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<ApiAnswer> {
  const request = get(`${api.url}${path}`, { headers: { ...api.headers, ...headers }, agent: false });
  const [reply] = (await once(request, 'response')) as [IncomingMessage];
  const isEndless = reply.statusCode === 200;
  const text = isEndless ? '' : Buffer.concat(await reply.toArray()).toString();
  if (isEndless) reply.destroy();
  const json: unknown = isEndless ? undefined : JSON.parse(text);
  const fields = Object.entries(reply.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const answer = { status: reply.statusCode ?? 0, headers: new Headers(fields), text, json, exact: json };
  api.check('GET', path, answer);
  return answer;
}

/** All of an answer that a client can see but the time, and what it sent itself. */
export function seen(answer: ApiAnswer, sent: readonly string[]): unknown {
  const hide = (text: string): string =>
    sent
      .reduce((hidden, value) => hidden.replaceAll(value, '{sent}'), text)
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '{instant}');
  const headers = [...answer.headers].filter(([name]) => !['date', 'content-length'].includes(name));
  return {
    status: answer.status,
    headers: headers.map(([name, value]) => [name, hide(value)]),
    text: hide(answer.text),
  };
}
