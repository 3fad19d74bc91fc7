import { z } from 'zod';
import { barResponse } from '../../bars/bar.dto.js';
import { pageQuery } from '../../common/pagination.js';
import { symbolInput } from '../../bars/symbol.dto.js';
import { REVISION_KINDS } from '../../versioning/versioning.types.js';
import { branchQuery } from './scope.dto.js';

/** `{id}` of a revision. */
export const revisionPath = z.strictObject({
  id: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a revision number')
    .transform(Number)
    .meta({ type: 'integer', pattern: undefined }),
});
export type RevisionPath = z.infer<typeof revisionPath>;

/** Query of `GET /v1/revisions`. */
export const listRevisionsQuery = z.strictObject({
  symbol: symbolInput.optional(),
  branch: branchQuery.unwrap().optional(),
  ...pageQuery,
});
export type ListRevisionsQuery = z.infer<typeof listRevisionsQuery>;

/** Query of `GET /v1/revisions/{id}/changes`. */
export const listChangesQuery = z.strictObject(pageQuery);
export type ListChangesQuery = z.infer<typeof listChangesQuery>;

/** One committed change. */
export const revisionResponse = z
  .strictObject({
    id: z.int(),
    branch: z.string(),
    kind: z.enum(REVISION_KINDS),
    source: z.string().meta({ description: 'Where it came from: a file name, or http.' }),
    message: z.string().nullable(),
    authorId: z.uuid().nullable(),
    createdAt: z.iso.datetime(),
    inserted: z.int(),
    corrected: z.int(),
    withdrawn: z.int(),
  })
  .meta({ id: 'Revision' });

/** A page of the commit log. */
export const revisionListResponse = z
  .strictObject({ data: z.array(revisionResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'RevisionList' });

/** A page of changes, old beside new. */
export const changeListResponse = z
  .strictObject({
    data: z.array(
      z.strictObject({
        symbol: z.string(),
        interval: z.string(),
        kind: z.enum(['inserted', 'corrected', 'withdrawn']),
        old: barResponse.nullable(),
        new: barResponse.nullable(),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'ChangeList' });
