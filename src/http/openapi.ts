import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import * as swagger from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toJSONSchema, type ZodType } from 'zod';
import { writeApiDocs } from '../common/api-docs.js';
import { problemResponse } from '../common/problem.dto.js';
import { completeDocument } from './complete-openapi.js';
import type { Schema } from './openapi-schemas.js';

const TITLE = 'Stockroom';
const DESCRIPTION = [
  'Versioned stock prices, and the conversations that quote them. Every committed change to prices is a revision; `asOf` reads',
  'any of them again. Errors are RFC 9457 problem details with a stable `code`.',
].join(' ');

/** What answers at the addresses of the documentation, by path. */
export type DocumentationHandlers = ReadonlyMap<
  string,
  (request: FastifyRequest, reply: FastifyReply) => unknown
>;

/** The OpenAPI 3.1 document of the application. The same text is committed as `docs/openapi.json`. */
export function openApiDocument(app: NestFastifyApplication): swagger.OpenAPIObject {
  writeApiDocs(swagger);
  const config = new swagger.DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(TITLE)
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .build();
  const document = swagger.SwaggerModule.createDocument(app, config, {
    operationIdFactory: (_controller, method) => method,
    standardSchemaConverter: (schema, { schemaType }) => convert(schema as ZodType, schemaType),
  });
  describeDownloads(document);
  const { components } = convert(problemResponse, 'output');
  return completeDocument({
    ...document,
    components: { ...document.components, schemas: { ...document.components?.schemas, ...components } },
  });
}

/** What is sent as CSV is text; the decorators can only give one schema to all media types of an answer. */
function describeDownloads({ paths }: swagger.OpenAPIObject): void {
  for (const item of Object.values(paths)) {
    for (const response of Object.values(item.get?.responses ?? {})) {
      const csv =
        response !== undefined && 'content' in response ? response.content?.['text/csv'] : undefined;
      if (csv !== undefined) csv.schema = { type: 'string' };
    }
  }
}

/** A schema for this place, and those that it refers to by name for the document's `components`. */
function convert(
  schema: ZodType,
  io: 'input' | 'output',
): { schema: Schema; components: Record<string, Schema> } {
  const json = toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  const { $schema: _dialect, $defs = {}, ...rest } = json;
  return { schema: rest as Schema, components: $defs as Record<string, Schema> };
}

/**
 * What answers at the addresses of the documentation. The document is made here, once.
 *
 * **Why** an application that only looks like ours: the library registers routes, which Fastify refuses by now; ours have been there
 * since the start.
 */
export function documentationHandlers(app: NestFastifyApplication): DocumentationHandlers {
  const document = openApiDocument(app);
  const text = JSON.stringify(document);
  const handlers = new Map([
    [
      '/openapi.json',
      (_request: FastifyRequest, reply: FastifyReply) => reply.type('application/json').send(text),
    ],
  ]);
  const adapter = Object.create(app.getHttpAdapter(), {
    get: { value: handlers.set.bind(handlers) },
    getType: { value: () => 'none' },
  }) as unknown;
  const pretended = Object.create(app, {
    getHttpAdapter: { value: () => adapter },
    useStaticAssets: { value: () => undefined },
  }) as NestFastifyApplication;
  swagger.SwaggerModule.setup('docs', pretended, document, { raw: false, customSiteTitle: TITLE });
  return handlers;
}
