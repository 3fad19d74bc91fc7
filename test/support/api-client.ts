import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** One answer. **Shape**: `json` is undefined for anything but JSON; `exact` has every number as the text it was sent as. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
  readonly exact: unknown;
}

/** What a test sends. **Shape**: `json` is sent as JSON; `body` as it is, under the `type` given. */
export interface ApiCall {
  readonly query?: Readonly<Record<string, string | number | boolean>> | URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  readonly type?: string;
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>
  >;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const DOCUMENT = 'openapi';

/**
 * Calls the service over HTTP and holds every answer against its OpenAPI document: the status, the media type and the body must be ones that the
 * operation declares. What has no operation at all (a wrong address or method) must be a problem document.
 */
export class ApiClient {
  private constructor(
    readonly url: string,
    readonly document: OpenApi,
    private readonly validators: Validators,
    /** Sent with every request that does not set them itself: the credentials of whoever this client stands for. */
    readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** Reads the document that the service serves. */
  static async connect(url: string): Promise<ApiClient> {
    const answer = await fetch(`${url}/openapi.json`);
    const document = (await answer.json()) as OpenApi;
    return new ApiClient(url, document, new Validators(document), {});
  }

  /** The same service, asked with the token of a session. */
  as(token: string): ApiClient {
    return this.with({ authorization: `Bearer ${token}` });
  }

  /** The same service, asked with these headers and no credentials but theirs. */
  with(headers: Readonly<Record<string, string>>): ApiClient {
    return new ApiClient(this.url, this.document, this.validators, headers);
  }

  async get(path: string, call?: ApiCall): Promise<ApiAnswer> {
    return this.send('GET', path, call);
  }

  async post(path: string, call?: ApiCall): Promise<ApiAnswer> {
    return this.send('POST', path, call);
  }

  async put(path: string, call?: ApiCall): Promise<ApiAnswer> {
    return this.send('PUT', path, call);
  }

  async patch(path: string, call?: ApiCall): Promise<ApiAnswer> {
    return this.send('PATCH', path, call);
  }

  async delete(path: string, call?: ApiCall): Promise<ApiAnswer> {
    return this.send('DELETE', path, call);
  }

  /** Sends one request. **Errors**: when the answer is not one that the document declares. */
  async send(method: string, path: string, call: ApiCall = {}): Promise<ApiAnswer> {
    const { query, json, body, type, headers } = call;
    const search =
      query === undefined ? '' : `?${new URLSearchParams(query as Record<string, string>).toString()}`;
    const media = type ?? (json === undefined ? undefined : 'application/json');
    const reply = await fetch(`${this.url}${path}${search}`, {
      method,
      redirect: 'manual',
      headers: { ...(media === undefined ? {} : { 'content-type': media }), ...this.headers, ...headers },
      ...(json === undefined ? { body: body ?? null } : { body: JSON.stringify(json) }),
      // A stream as body is only allowed when it is said that the answer may come before its end.
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    });
    const text = await reply.text();
    const isJson = /^application\/(problem\+)?json\b/.test(reply.headers.get('content-type') ?? '');
    const answer: ApiAnswer = {
      status: reply.status,
      headers: reply.headers,
      text,
      json: isJson ? (JSON.parse(text) as unknown) : undefined,
      exact: isJson ? parseNumbersAsText(text) : undefined,
    };
    this.check(method, path, answer);
    return answer;
  }

  /** Holds an answer that came some other way against the document. **Errors**: as {@link send}. */
  check(method: string, path: string, answer: ApiAnswer): void {
    const where = `${method} ${path} → ${answer.status}`;
    const media = answer.headers.get('content-type')?.split(';', 1)[0] ?? null;
    const template = this.templateOf(path.split('?', 1)[0] ?? '');
    const operation = template === null ? undefined : this.document.paths[template]?.[method.toLowerCase()];
    if (template === null || operation === undefined) {
      if (media !== 'application/problem+json') throw new Error(`${where}: ${media} is no problem document`);
      this.validators.check(where, '/components/schemas/Problem', answer.json);
      return;
    }
    const response = operation.responses[String(answer.status)];
    if (response === undefined)
      throw new Error(`${where}: the document does not declare this status: ${answer.text}`);
    if (response.content === undefined) {
      if (answer.text !== '') throw new Error(`${where}: the document declares no body: ${answer.text}`);
      return;
    }
    if (media === null || response.content[media] === undefined)
      throw new Error(`${where}: the document does not declare ${media}: ${answer.text}`);
    if (answer.json === undefined) return;
    const parts = [
      'paths',
      template,
      method.toLowerCase(),
      'responses',
      String(answer.status),
      'content',
      media,
    ];
    const pointer = [...parts, 'schema'].map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
    this.validators.check(where, `/${pointer.map(encodeURIComponent).join('/')}`, answer.json);
  }

  /** The address of the document that a path fits; one without parameters goes first. */
  private templateOf(path: string): string | null {
    const fits = (template: string): boolean =>
      new RegExp(`^${template.replace(/[.+^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`).test(
        path,
      );
    const parameters = (template: string): number => template.split('{').length;
    const found = Object.keys(this.document.paths).filter(fits);
    return found.sort((a, b) => parameters(a) - parameters(b))[0] ?? null;
  }
}

/** Checks values against parts of the document, each compiled once for all clients. */
class Validators {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(document: OpenApi) {
    formats.default(this.ajv);
    this.ajv.addSchema(document, DOCUMENT);
  }

  /** **Errors**: when the value does not fit. */
  check(where: string, pointer: string, value: unknown): void {
    let validator = this.compiled.get(pointer);
    if (validator === undefined) {
      validator = this.ajv.compile({ $ref: `${DOCUMENT}#${pointer}` });
      this.compiled.set(pointer, validator);
    }
    if (validator(value)) return;
    const problems = this.ajv.errorsText(validator.errors, { separator: '\n' });
    throw new Error(
      `${where} does not fit the document:\n${problems}\n${JSON.stringify(value).slice(0, 2_000)}`,
    );
  }
}

/** JSON with every number as its own text: a binary float would hide a wrong last digit. */
export function parseNumbersAsText(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { source?: string }): unknown =>
    typeof value === 'number' ? context.source : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
