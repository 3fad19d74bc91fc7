import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { EXPECTATIONS } from '../support/personas-expectations.js';
import { COMMON_URL, COMMON_WORD, makeWorld, type World } from '../support/personas-world.js';
import { LEAKS } from '../support/refusals.js';
import type { TestApp } from '../support/test-app.js';
import { fuzzOperations, requestOf, resolver, type FuzzRequest } from './api-fuzz-requests.js';
import type { Schema } from './api-fuzz-values.js';

/** What a run came to. **Shape**: `findings` has one text for each kind, with a request that shows it. */
export interface FuzzReport {
  readonly requests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
}

export interface FuzzOptions {
  /** How long to go on. */
  readonly seconds: number;
  readonly seed: number;
}

/** Requests of a run, however slow the machine is. */
const LEAST = 100;

/** Requests for an operation before its things are made anew. */
const ROUND = 5;

/** Probes and what costs a password hash are asked less often. */
const RARE = new Set(['livez', 'readyz', 'startupz', 'signIn', 'register', 'changePassword']);

/** Asks all operations, as a user and as an administrator, round after round until the time is over. */
export async function fuzz(app: TestApp, { seconds, seed }: FuzzOptions): Promise<FuzzReport> {
  const endsAt = performance.now() + seconds * 1_000;
  const operations = fuzzOperations(app.stranger).filter(
    ({ operationId }) => EXPECTATIONS[operationId]?.endless !== true,
  );
  const judge = new Judge(app.stranger);
  for (let round = 0; judge.requests < LEAST || performance.now() < endsAt; round++) {
    let world = await makeWorld(app);
    const cursors = await cursorsOf(world);
    for (const operation of operations) {
      if (RARE.has(operation.operationId) && round % 5 > 0) continue;
      const source = {
        resolve: resolver(app.stranger),
        known: (name: string): readonly string[] => {
          const thing = EXPECTATIONS[operation.operationId]?.path[name];
          return thing === undefined ? knownTexts(world, name, cursors) : [world.things[thing]];
        },
      };
      const requests = fc.sample(requestOf(operation, source), { numRuns: ROUND, seed: seed + round });
      for (const [n, request] of requests.entries()) {
        if (judge.requests >= LEAST && performance.now() > endsAt) return judge.report();
        const api = (n + round) % 3 === 0 ? world.owner.api : world.strangers.administrator;
        const answer = await judge.ask(api, request);
        // Whoever signed out, or removed themselves, would be refused everything from now on.
        if ((answer?.json as { code?: string } | undefined)?.code === 'unauthenticated')
          world = await makeWorld(app);
      }
    }
  }
  return judge.report();
}

/** Sends requests and keeps what is wrong with the answers. */
export class Judge {
  private readonly findings = new Map<string, string>();
  private readonly byStatus: Record<string, number> = {};
  requests = 0;
  private readonly ajv = new Ajv2020({ strict: false });

  constructor(client: ApiClient) {
    formats.default(this.ajv);
    this.ajv.addSchema(client.document, 'openapi');
  }

  /** **Shape**: the answer, or null when there was none that could be read. */
  async ask(api: ApiClient, request: FuzzRequest): Promise<ApiAnswer | null> {
    const { operation, path, content, headers } = request;
    const { type, body } = content;
    this.requests++;
    try {
      const query = new URLSearchParams(
        request.query.map(([key, value]): [string, string] => [key, value.toWellFormed()]),
      );
      const sent = type === null ? { headers } : { headers, type, body };
      const answer = await api.send(operation.method, path, { query, ...sent });
      this.byStatus[answer.status] = (this.byStatus[answer.status] ?? 0) + 1;
      for (const problem of this.problemsOf(request, answer)) this.note(problem, request);
      return answer;
    } catch (error) {
      this.note(error instanceof Error ? error.message : String(error), request);
      return null;
    }
  }

  report(): FuzzReport {
    return { requests: this.requests, byStatus: this.byStatus, findings: [...this.findings.values()] };
  }

  /** What is wrong with an answer that the document declares. */
  problemsOf({ operation, content }: FuzzRequest, answer: ApiAnswer): readonly string[] {
    const problems: string[] = [];
    if (answer.status >= 500) problems.push(`answered ${answer.status}: ${answer.text}`);
    if (answer.status >= 400 && LEAKS.test(answer.text)) problems.push(`tells of the inside: ${answer.text}`);
    const schema = operation.requestBody?.content[content.type ?? '']?.schema;
    if (answer.status < 300 && content.type === 'application/json' && schema !== undefined)
      if (!this.allows(schema, content.body))
        problems.push(`accepted what the document forbids: ${answer.text}`);
    return problems;
  }

  private allows(schema: Schema, body: string): boolean {
    if (body === '') return true;
    const whole = schema.$ref === undefined ? schema : { $ref: `openapi${schema.$ref}` };
    return this.ajv.validate(whole, JSON.parse(body));
  }

  private note(problem: string, request: FuzzRequest): void {
    const { operation, path, query, headers, content } = request;
    const kind = `${operation.operationId}: ${problem.replaceAll(/[0-9a-f-]{36}|\d+/g, 'n').slice(0, 120)}`;
    if (this.findings.has(kind)) return;
    const sent = JSON.stringify({ path, query, headers, ...content }).slice(0, 1_500);
    this.findings.set(
      kind,
      `${operation.operationId}: ${problem.slice(0, 1_500)}\n  sent ${operation.method} ${sent}`,
    );
  }
}

/** What exists, by the name of the parameter or member that would name it. */
function knownTexts({ owner, things }: World, name: string, cursors: readonly string[]): readonly string[] {
  const named: Readonly<Record<string, readonly string[]>> = {
    id: [things.conversation, things.message],
    userId: [things.user],
    provider: [things.credential],
    symbol: [things.symbol, things.symbol.toLowerCase()],
    date: [things.time],
    q: [COMMON_WORD, `"${COMMON_WORD}" or -x`],
    'citation.url': [COMMON_URL],
    branch: [things.branch, 'main'],
    parent: [things.branch, 'main'],
    asOf: [things.revision, '0', '2020-01-01T00:00:00Z'],
    cursor: cursors,
    login: [owner.email],
    timezone: ['UTC', 'America/New_York'],
    locale: ['de-AT'],
    close: ['1', '2.5'],
    'X-Min-Revision': [things.revision],
  };
  return named[name] ?? [];
}

/** Cursors that the service gave, whole and damaged. */
async function cursorsOf({ owner, strangers }: World): Promise<readonly string[]> {
  const lists = ['sessions', 'users/me/credentials', 'revisions', 'stocks', 'branches', 'conversations'];
  const found: string[] = [];
  for (const path of lists)
    for (const api of [owner.api, strangers.administrator]) {
      const { nextCursor } = (await api.get(`/v1/${path}`, { query: { limit: 1 } })).json as {
        nextCursor: string | null;
      };
      if (nextCursor !== null) found.push(nextCursor, nextCursor.slice(1), `${nextCursor}A`);
    }
  return found;
}
