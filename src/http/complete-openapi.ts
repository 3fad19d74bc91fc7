import type { OpenAPIObject } from '@nestjs/swagger';
import { HEADERS, IMPORT_BODIES, IMPORTED_BAR, PARAMETERS, SECURITY_SCHEMES, TAGS } from './openapi-parts.js';
import { tidySchema, type Schema } from './openapi-schemas.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Response = Exclude<NonNullable<Operation['responses'][string]>, { $ref: string }>;
type Parameter = Exclude<NonNullable<Operation['parameters']>[number], { $ref: string }>;
type Body = Exclude<NonNullable<Operation['requestBody']>, { $ref: string }>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

const SUCCESS: Readonly<Record<string, string>> = { 200: 'Done', 201: 'Made', 204: 'Done, nothing to say' };
const REFUSED_BY_ROLE = 'x-required-roles';
const NOT_LIMITED = 'x-no-rate-limit';

/**
 * Adds to a generated document what follows from what is there, so that no route has to say it again: headers of answers and
 * requests, the errors that every route can give, bodies of imports, security schemes, tags.
 */
export function completeDocument(document: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation !== undefined) completeOperation(operation, method);
    }
  }
  const schemas = { ...document.components?.schemas, ImportedBar: structuredClone(IMPORTED_BAR) };
  for (const schema of Object.values(schemas)) tidySchema(schema);
  return {
    ...document,
    servers: [{ url: '/' }],
    tags: [...TAGS],
    components: {
      ...document.components,
      schemas,
      securitySchemes: SECURITY_SCHEMES ?? {},
      headers: HEADERS,
      parameters: PARAMETERS,
    },
  };
}

function completeOperation(operation: Operation, method: (typeof METHODS)[number]): void {
  // Said outright, so that no reader takes it for forgotten: open to everyone.
  operation.security ??= [];
  addErrors(operation);
  const { responses } = operation;
  const parameters = (operation.parameters ?? []) as Parameter[];
  const paged =
    method === 'get' && parameters.some(({ name, in: place }) => name === 'cursor' && place === 'query');
  const limited = !(NOT_LIMITED in operation);
  const conditional = responses['304'] !== undefined || responses['412'] !== undefined;
  for (const [status, response] of Object.entries(responses)) {
    if (response === undefined || '$ref' in response) continue;
    completeResponse(status, response, { paged, conditional, limited });
  }
  parameters.forEach(tidyParameter);
  const added = [
    ...(responses['304'] === undefined ? [] : ['IfNoneMatch']),
    ...(responses['412'] === undefined ? [] : ['IfMatch']),
    ...(completeBody(operation.requestBody as Body | undefined) ? ['ContentEncoding'] : []),
  ].map((name) => ({ $ref: `#/components/parameters/${name}` }));
  operation.parameters = [...parameters, ...added];
}

/** What the guard and the last resort answer, which no route names itself. */
function addErrors(operation: Operation): void {
  const needsSession = (operation.security ?? []).length > 0;
  const needsRole = REFUSED_BY_ROLE in operation;
  // Of every operation: an X-Session-Id that cannot be one.
  operation.responses['400'] ??= problem('Malformed or invalid');
  if (needsSession) operation.responses['401'] ??= problem('No valid session');
  if (needsRole) operation.responses['403'] ??= problem('Not allowed by role');
  const parameters = (operation.parameters ?? []) as Parameter[];
  if (parameters.some(({ in: place }) => place === 'path'))
    operation.responses['414'] ??= problem('A part of the address is too long');
  if (!(NOT_LIMITED in operation)) operation.responses['429'] ??= problem('Too many requests');
  operation.responses['500'] ??= problem('Something went wrong here; the request id finds it in the logs');
}

function problem(description: string): Response {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description, content: { 'application/problem+json': { schema } } };
}

function completeResponse(
  status: string,
  response: Response,
  { paged, conditional, limited }: { paged: boolean; conditional: boolean; limited: boolean },
): void {
  if (response.description === '') response.description = SUCCESS[status] ?? 'Answer';
  // A probe that is not ready answers in its own words, without advice.
  const retryable =
    ['429', '503'].includes(status) && response.content?.['application/problem+json'] !== undefined;
  const hasBody = status === '200' || status === '201';
  const names: (keyof typeof HEADERS)[] = [
    ...(status === '304' || status === '201' || (hasBody && conditional) ? (['ETag'] as const) : []),
    ...(status === '200' && paged ? (['Link'] as const) : []),
    ...(status === '201' ? (['Location'] as const) : []),
    ...(retryable ? (['RetryAfter'] as const) : []),
    ...(limited ? (['RateLimit', 'RateLimitPolicy'] as const) : []),
  ];
  const wireName = {
    ETag: 'ETag',
    Link: 'Link',
    Location: 'Location',
    RetryAfter: 'Retry-After',
    RateLimit: 'RateLimit',
    RateLimitPolicy: 'RateLimit-Policy',
    RequestId: 'X-Request-Id',
  };
  response.headers = Object.fromEntries(
    (['RequestId', ...names] as const).map((name) => [
      wireName[name],
      { $ref: `#/components/headers/${name}` },
    ]),
  );
  for (const media of Object.values(response.content ?? {})) {
    if (media.schema !== undefined) tidySchema(media.schema as Schema);
  }
}

function tidyParameter(parameter: Parameter): void {
  const schema = parameter.schema as Schema | undefined;
  if (schema === undefined) return;
  tidySchema(schema);
  if (schema.description === parameter.description) delete schema.description;
}

/** **Shape**: true for the body of an import. */
function completeBody(body: Body | undefined): boolean {
  if (body?.content['text/csv'] === undefined) return false;
  for (const [media, schema] of Object.entries(IMPORT_BODIES))
    body.content[media] = { schema: structuredClone(schema) };
  return true;
}
