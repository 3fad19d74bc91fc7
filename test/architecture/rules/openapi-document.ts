import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** A schema, or a reference to one. */
export type SchemaOrRef = Readonly<Record<string, unknown>>;

interface Response {
  readonly description?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema?: SchemaOrRef }>>;
}

interface Parameter {
  readonly $ref?: string;
  readonly name?: string;
  readonly in?: string;
  readonly schema?: SchemaOrRef;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: SchemaOrRef }>> };
  readonly responses: Readonly<Record<string, Response>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly 'x-required-roles'?: readonly string[];
}

/** An OpenAPI 3.1 document, as far as the rules look into it. */
export interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, SchemaOrRef>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

/** One operation and where it stands. */
export interface PlacedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** Every operation of a document. */
export function operationsOf({ paths }: Document): readonly PlacedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

/** What is wrong with a document, one message each. */
export function documentProblems(document: Document): readonly string[] {
  const operations = operationsOf(document);
  const names = operations.map(({ operation }) => operation.operationId);
  return [
    ...(document.openapi.startsWith('3.1.') ? [] : [`openapi is ${document.openapi}, not 3.1`]),
    ...names
      .filter((name, index) => name !== undefined && names.indexOf(name) !== index)
      .map((name) => `operationId ${name} is taken twice`),
    ...operations.flatMap((placed) => operationProblems(placed, document)),
    ...danglingReferences(document),
    ...schemaProblems(document, operations),
  ];
}

function operationProblems({ path, method, operation }: PlacedOperation, document: Document): string[] {
  const { operationId, summary, tags = [], responses, security = [] } = operation;
  const described = document.tags.filter(({ description }) => description).map(({ name }) => name);
  const declared = (operation.parameters ?? []).filter((p) => p.in === 'path').map(({ name }) => name);
  const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
  const needed = [
    '500',
    ...(security.length > 0 ? ['401'] : []),
    ...(operation['x-required-roles'] ? ['403'] : []),
  ];
  const findings = [
    ...(operationId ? [] : ['has no operationId']),
    ...(summary ? [] : ['has no summary']),
    ...(tags.length > 0 ? [] : ['has no tag']),
    ...tags
      .filter((tag) => !described.includes(tag))
      .map((tag) => `has tag ${tag}, which has no description`),
    ...inPath.filter((name) => !declared.includes(name)).map((name) => `does not declare {${name}}`),
    ...declared
      .filter((name) => !inPath.includes(name ?? ''))
      .map((name) => `declares {${name}}, which is not in its path`),
    ...needed
      .filter((status) => responses[status] === undefined)
      .map((status) => `does not declare ${status}`),
    ...security
      .flatMap((requirement) => Object.keys(requirement))
      .filter((scheme) => document.components.securitySchemes[scheme] === undefined)
      .map((scheme) => `needs ${scheme}, which is no declared scheme`),
    ...Object.entries(responses).flatMap(([status, response]) => responseProblems(status, response)),
  ];
  return findings.map((finding) => `${method.toUpperCase()} ${path} ${finding}`);
}

function responseProblems(status: string, { description, headers = {}, content = {} }: Response): string[] {
  const media = Object.keys(content);
  const isError = Number(status) >= 400;
  const isProblem = media.includes('application/problem+json');
  return [
    ...(/^[1-5]\d\d$/.test(status) ? [] : [`has an answer ${status}, which is no status`]),
    ...(description ? [] : [`has no description of ${status}`]),
    ...(headers['X-Request-Id'] ? [] : [`does not tell X-Request-Id with ${status}`]),
    // A probe that is not ready answers in its own form.
    ...(isError && status !== '503' && !isProblem
      ? [`answers ${status} without application/problem+json`]
      : []),
    ...(status === '503' && isProblem && !headers['Retry-After']
      ? ['does not tell Retry-After with 503']
      : []),
    ...(isProblem && content['application/problem+json']?.schema?.['$ref'] !== '#/components/schemas/Problem'
      ? [`answers ${status} with another schema than Problem`]
      : []),
    ...(['204', '304'].includes(status) && media.length > 0 ? [`has a body with ${status}`] : []),
  ];
}

/** References that lead nowhere. */
function danglingReferences(document: Document): string[] {
  const findings = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { $ref } = node as { $ref?: unknown };
    if (typeof $ref === 'string' && resolve(document, $ref) === undefined)
      findings.add(`${$ref} leads nowhere`);
    Object.values(node).forEach(visit);
  };
  visit(document);
  return [...findings];
}

function resolve(document: Document, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], document);
}

/** The shared schemas that a schema leads to. **Why** not all of them: the validator looks at whatever it is given, each time. */
function reachable(document: Document, schema: SchemaOrRef): Record<string, SchemaOrRef> {
  const found: Record<string, SchemaOrRef> = {};
  const follow = (from: SchemaOrRef): void => {
    for (const [, name = ''] of JSON.stringify(from).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const target = document.components.schemas[name];
      if (target === undefined || name in found) continue;
      found[name] = target;
      follow(target);
    }
  };
  follow(schema);
  return found;
}

/** Schemas that are none, and defaults that do not fit their own schema. */
function schemaProblems(document: Document, operations: readonly PlacedOperation[]): string[] {
  // Strict: an unknown keyword is a slip, or one of OpenAPI 3.0, which 3.1 ignores.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  formats.default(ajv);
  // Of 3.0, and known to the validator all the same.
  ajv.removeKeyword('nullable');
  const findings: string[] = [];
  const check = (where: string, schema: SchemaOrRef | undefined): void => {
    if (schema === undefined) return;
    try {
      const validate = ajv.compile({ ...schema, components: { schemas: reachable(document, schema) } });
      if ('default' in schema && !validate(schema['default']))
        findings.push(`${where}: its default does not fit`);
    } catch (error) {
      findings.push(`${where}: ${(error as Error).message}`);
    }
  };
  ajv.addVocabulary(['components', 'paths', 'openapi', 'info', 'servers', 'tags']);
  for (const [name, schema] of Object.entries(document.components.schemas)) check(name, schema);
  for (const { path, method, operation } of operations) {
    const where = `${method.toUpperCase()} ${path}`;
    for (const { name = '', schema } of operation.parameters ?? []) check(`${where} ${name}`, schema);
    const bodies = [
      ...Object.values(operation.responses),
      ...(operation.requestBody ? [operation.requestBody] : []),
    ];
    for (const { content = {} } of bodies) {
      for (const [media, { schema }] of Object.entries(content)) {
        if (schema === undefined) findings.push(`${where} ${media}: no schema`);
        check(`${where} ${media}`, schema);
      }
    }
  }
  return findings;
}
