import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import * as swagger from '@nestjs/swagger';
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

// The page is Swagger UI with its own files, so it works without a network. It sets styles on elements.
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

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

/** Serves the document at `/openapi.json` and a page to browse it at `/docs`. */
export function serveOpenApi(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', async (request, reply) => {
      if (request.url === '/docs' || request.url.startsWith('/docs/')) {
        reply.header('content-security-policy', DOCS_POLICY);
        // Made by the library, with addresses that are right one folder above only.
        if (request.url === '/docs/index.html') return reply.redirect('/docs');
      }
    });
  swagger.SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: TITLE,
  });
}
