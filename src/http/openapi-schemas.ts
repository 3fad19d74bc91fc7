import type { OpenAPIObject } from '@nestjs/swagger';

/** A schema in the words of OpenAPI 3.1. */
export type Schema = Exclude<
  NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string],
  { $ref: string }
>;

/** What a format says already; the patterns that would say it again are a screen long. */
const PATTERN_ADDS_NOTHING = new Set(['date', 'date-time', 'uuid', 'email']);

/** Keywords that hold one schema, a list of them, or a map of them. */
const NESTED = ['items', 'not', 'additionalProperties', 'anyOf', 'oneOf', 'allOf', 'properties'] as const;

/**
 * Makes a schema that was generated from a zod schema say what clients need, throughout: no patterns that a format implies,
 * defaults and booleans as values instead of as the text of a query, no bounds that only mean "as far as numbers go".
 */
export function tidySchema(schema: Schema): void {
  const known = schema as Schema & { default?: unknown; format?: string; examples?: unknown };
  if (known.format !== undefined && PATTERN_ADDS_NOTHING.has(known.format)) delete known.pattern;
  if (known.type === 'string' && known.enum?.join() === 'true,false') {
    known.type = 'boolean';
    delete known.enum;
  }
  if (known.type === 'boolean' && typeof known.default === 'string') known.default = known.default === 'true';
  if (known.type === 'integer') {
    if (typeof known.default === 'string') known.default = Number(known.default);
    if (known.minimum === Number.MIN_SAFE_INTEGER) delete known.minimum;
    if (known.maximum === Number.MAX_SAFE_INTEGER) delete known.maximum;
  }
  if (known.example !== undefined) {
    known.examples = [known.example];
    delete known.example;
  }
  for (const nested of nestedSchemas(schema)) tidySchema(nested);
}

function* nestedSchemas(schema: Schema): Generator<Schema> {
  for (const keyword of NESTED) {
    const value: unknown = schema[keyword];
    if (typeof value !== 'object' || value === null) continue;
    const schemas = keyword === 'properties' || Array.isArray(value) ? Object.values(value) : [value];
    for (const nested of schemas as Schema[]) yield nested;
  }
}
