import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { appWithoutDatabase, OPENAPI_COMMAND, OPENAPI_FILE, openApiText } from '../../scripts/openapi.js';
import { documentProblems, operationsOf, type Document } from './rules/openapi-document.js';
import { ROOT } from './rules/source-files.js';

let app: NestFastifyApplication;
let text: string;
let document: Document;
beforeAll(async () => {
  app = await appWithoutDatabase();
  text = openApiText(app);
  document = JSON.parse(text) as Document;
});
afterAll(() => app.close());

describe('the OpenAPI document', () => {
  it('is committed as the routes make it', () => {
    const path = join(ROOT, OPENAPI_FILE);
    const committed = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const mend = `${OPENAPI_FILE} is not what the routes say. Mend it with: ${OPENAPI_COMMAND}`;
    expect(committed === text ? '' : mend).toBe('');
  });

  it('is what the service serves', async () => {
    expect((await app.inject('/openapi.json')).json()).toEqual(document);
  });

  it('is sound', () => {
    expect(documentProblems(document)).toEqual([]);
  });

  it('has every route of the service, and no other', () => {
    const described = operationsOf(document).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.toSorted()).toEqual(routesOf(app));
    expect(described.length).toBeGreaterThan(15);
  });

  it('says who may call what: a stranger may ask for the state, register and sign in, a visitor may read, talk and sign out', () => {
    const named = operationsOf(document).map(({ method, path, operation }) => ({
      name: `${method} ${path}`,
      schemes: (operation.security ?? []).flatMap((scheme) => Object.keys(scheme)).toSorted(),
    }));
    const open = named.filter(({ schemes }) => schemes.length === 0).map(({ name }) => name);
    const probes = ['get /livez', 'get /readyz', 'get /startupz'];
    expect(open.toSorted()).toEqual([...probes, 'post /v1/sessions', 'post /v1/users']);
    const visitors = named.filter(({ schemes }) => schemes.includes('visitor')).map(({ name }) => name);
    const talk = /^(post|patch|delete) \/v1\/conversations(\/|$)/;
    expect(visitors.filter((name) => !name.startsWith('get ') && !talk.test(name))).toEqual([
      'delete /v1/sessions/current',
    ]);
  });
});

const DAMAGED = new Set(['/v1/stocks', '/v1/stocks/{symbol}', '/v1/stocks/{symbol}/data/{time}']);

/** What may go wrong, where in the document, what then stands there (nothing: it is gone), and what must be said of it. */
const LIST = ['paths', '/v1/stocks', 'get'];
const DAMAGE: readonly (readonly [what: string, path: readonly string[], value: unknown, finding: RegExp])[] =
  [
    ['a reference to nothing', ['components', 'schemas', 'Bar'], undefined, /schemas\/Bar leads nowhere/],
    [
      'a problem schema that is missing',
      ['components', 'schemas', 'Problem'],
      undefined,
      /Problem leads nowhere/,
    ],
    ['two operations of one name', [...LIST, 'operationId'], 'createStock', /createStock is taken twice/],
    ['an operation without a name', [...LIST, 'operationId'], undefined, /no operationId/],
    ['an operation without a summary', [...LIST, 'summary'], undefined, /no summary/],
    ['an answer without words', [...LIST, 'responses', '200', 'description'], '', /no description of 200/],
    [
      'a problem of another media type',
      [...LIST, 'responses', '400', 'content'],
      {},
      /400 without application\/problem/,
    ],
    [
      'a status that is no number',
      [...LIST, 'responses', 'OK'],
      { description: 'x' },
      /OK, which is no status/,
    ],
    ['no answer for the worst case', [...LIST, 'responses', '500'], undefined, /does not declare 500/],
    ['no refusal of a stranger', [...LIST, 'responses', '401'], undefined, /does not declare 401/],
    ['a scheme that nobody declared', [...LIST, 'security'], [{ magic: [] }], /magic, which is no declared/],
    ['a tag without a description', [...LIST, 'tags'], ['odd'], /odd, which has no description/],
    [
      'a path parameter that is not declared',
      ['paths', '/v1/stocks/{symbol}', 'get', 'parameters'],
      [],
      /not declare {symbol}/,
    ],
    ['a schema that is none', ['components', 'schemas', 'Bar', 'type'], 'price', /^Bar: /m],
    ['a keyword that is none', ['components', 'schemas', 'Bar', 'nullable'], true, /nullable/],
    [
      'a default of another type',
      [...LIST, 'parameters', '2', 'schema', 'default'],
      '50',
      /limit: its default/,
    ],
    ['a request id that is not told', [...LIST, 'responses', '200', 'headers'], {}, /X-Request-Id with 200/],
    [
      'advice that is missing',
      [...LIST, 'responses', '503', 'headers', 'Retry-After'],
      undefined,
      /Retry-After/,
    ],
    ['another version', ['openapi'], '3.0.0', /not 3\.1/],
  ];

describe('a document that is not sound', () => {
  let few: Document;
  // A handful of routes is enough to damage, and all of them take seconds to look through, twenty times over.
  beforeAll(() => {
    const paths = Object.entries(document.paths).filter(([path]) => DAMAGED.has(path));
    few = { ...document, paths: Object.fromEntries(paths) };
    expect(documentProblems(few)).toEqual([]);
  });

  it.each(DAMAGE)('is found by %s', (_what, path, value, finding) => {
    const damaged = structuredClone(few);
    const parent = path
      .slice(0, -1)
      .reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], damaged) as Record<
      string,
      unknown
    >;
    const last = path.at(-1) ?? '';
    if (value === undefined) delete parent[last];
    else parent[last] = value;
    expect(documentProblems(damaged).join('\n')).toMatch(finding);
  });
});

/** What the router knows, but for the documentation itself and the HEAD that comes with every GET. */
function routesOf(service: NestFastifyApplication): readonly string[] {
  const lines = service.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false }).split('\n');
  const parents: string[] = [];
  const routes: string[] = [];
  for (const line of lines) {
    const [, indent = '', segment = '', methods = ''] = /^([│ ]*)[├└]── (\S+) \(([^)]*)\)/u.exec(line) ?? [];
    if (segment === '') continue;
    const depth = indent.length / 4;
    parents.splice(depth, Infinity, segment);
    const path = parents.join('').replaceAll(/:(\w+)/g, '{$1}');
    for (const method of methods.split(', ')) {
      if (method !== 'HEAD' && !/^\/(docs|openapi\.json)/.test(path)) routes.push(`${method} ${path}`);
    }
  }
  return routes.toSorted();
}
