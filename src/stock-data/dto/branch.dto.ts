import { z } from 'zod';
import { pageQuery } from '../../common/pagination.js';
import { BRANCH_STATUSES } from '../../versioning/branches/branch.types.js';
import { asOfMember, branchName } from '../../versioning/points/point.types.js';
import { MAIN_BRANCH } from '../../versioning/versioning.types.js';

/** `{name}` of a branch. */
export const branchPath = z.strictObject({ name: branchName });
export type BranchPath = z.infer<typeof branchPath>;

/** Body of `POST /v1/branches`. */
export const createBranchRequest = z
  .strictObject({
    name: branchName.meta({ description: 'Never used again, also when the branch is gone.' }),
    parent: branchName.default(MAIN_BRANCH),
    asOf: asOfMember.meta({
      description:
        'Where to leave the parent: a revision of it or its ancestors, or an instant; now by default.',
    }),
  })
  .meta({ id: 'CreateBranch' });
export type CreateBranchRequest = z.infer<typeof createBranchRequest>;

/** Query of `GET /v1/branches`. */
export const listBranchesQuery = z.strictObject({
  status: z.enum(BRANCH_STATUSES).optional(),
  parent: branchName.optional(),
  ...pageQuery,
});
export type ListBranchesQuery = z.infer<typeof listBranchesQuery>;

/** Query of `GET /v1/branches/{name}/changes`. */
export const branchChangesQuery = z.strictObject(pageQuery);
export type BranchChangesQuery = z.infer<typeof branchChangesQuery>;

/** One branch. */
export const branchResponse = z
  .strictObject({
    name: z.string(),
    parent: z.string().nullable().meta({ description: 'Null for the root.' }),
    forkRevision: z.int().nullable().meta({ description: 'The parent is seen as of this revision.' }),
    status: z.enum(BRANCH_STATUSES),
    mergeRevision: z
      .int()
      .nullable()
      .meta({ description: "What the branch's merge answered; null unless it was merged." }),
    createdBy: z.uuid().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Branch' });

/** A page of branches. */
export const branchListResponse = z
  .strictObject({ data: z.array(branchResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'BranchList' });
