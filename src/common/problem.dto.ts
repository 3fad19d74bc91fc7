import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from './api-docs.js';
import { z } from 'zod';

/** Problem details as every error answers them. */
export const problemResponse = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: 'The request id.' }),
    code: z.string().meta({ description: 'Stable; see the error catalogue.' }),
    errors: z
      .array(
        z.union([
          z.strictObject({ path: z.string(), message: z.string() }),
          z.strictObject({ line: z.int(), field: z.string(), message: z.string() }),
        ]),
      )
      .optional()
      .meta({ description: 'Parts of the request by path, or rows of an imported file by line and field.' }),
  })
  .meta({ id: 'Problem' });

const DESCRIPTIONS: Record<number, string> = {
  400: 'Malformed or invalid',
  401: 'No valid session',
  403: 'Not allowed by role',
  404: 'Missing, or not yours',
  405: 'Method not allowed',
  406: 'No acceptable representation',
  408: 'The body took too long',
  409: 'Conflict',
  412: 'Stale If-Match',
  413: 'Too large',
  415: 'Wrong media type',
  422: 'Refused by a rule',
  429: 'Too many requests',
  503: 'Try again later',
};

/** Documents the errors of a route. 400 and 503 are true of all and always included. */
export function ApiProblems(...statuses: number[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ...[...new Set([400, ...statuses, 503])].map((status) =>
      ApiResponse({
        status,
        description: DESCRIPTIONS[status] ?? 'Error',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
  );
}

/** Documents the answer to an `If-None-Match` that names the current state. */
export function ApiNotModified(): MethodDecorator {
  return ApiResponse({ status: 304, description: 'Not changed since the ETag given' });
}
