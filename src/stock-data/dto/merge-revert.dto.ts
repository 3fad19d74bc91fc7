import { z } from 'zod';
import { consequencesMember } from '../../bars/consequences.dto.js';
import { lineOfText } from '../../common/text.js';
import { CONFLICT_POLICIES } from '../../versioning/branches/branch.types.js';
import { branchName } from '../../versioning/points/point.types.js';
import { dryRunQuery } from './dry-run.dto.js';

const message = lineOfText(1000).nullable().optional();

/** Body of `POST /v1/branches/{name}/merge`. */
export const mergeRequest = z
  .strictObject({
    onConflict: z
      .enum(CONFLICT_POLICIES)
      .default('fail')
      .meta({ description: 'What wins where both sides changed a bar: `theirs` is the branch.' }),
    message,
  })
  .optional()
  .meta({ id: 'MergeBranch' });
export type MergeBody = z.infer<typeof mergeRequest>;

/** Query of a merge. */
export const mergeQuery = z.strictObject({ dryRun: dryRunQuery });
export type MergeQuery = z.infer<typeof mergeQuery>;

/** Body of `POST /v1/revisions/{id}/revert`. */
export const revertRequest = z.strictObject({ message }).optional().meta({ id: 'RevertRevision' });
export type RevertBody = z.infer<typeof revertRequest>;

/** Query of a revert. */
export const revertQuery = z.strictObject({
  branch: branchName.optional().meta({ description: 'Refuses a revision that was made on another branch.' }),
  dryRun: dryRunQuery,
});
export type RevertQuery = z.infer<typeof revertQuery>;

/** Answer of merges and reverts. Counts are bars. */
export const changeReportResponse = z
  .strictObject({
    revision: z
      .int()
      .nullable()
      .meta({
        description: [
          'The new revision, the newest one if nothing changed, null for a dry run.',
          'A dry run of a merge that was done already names the revision that did it.',
        ].join(' '),
      }),
    inserted: z.int(),
    corrected: z.int(),
    withdrawn: z.int(),
    unchanged: z.int().meta({ description: 'Changes that were there already, or that gave way.' }),
    consequences: consequencesMember,
  })
  .meta({ id: 'ChangeReport' });
