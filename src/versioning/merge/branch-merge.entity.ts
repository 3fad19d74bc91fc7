import { defineEntity, p } from '@mikro-orm/core';
import { BranchSchema } from '../branches/branch.entity.js';
import { CONFLICT_POLICIES } from '../branches/branch.types.js';

/** What a merge was asked and what it answered: at most one for a branch, written once. */
export const BranchMergeSchema = defineEntity({
  name: 'BranchMerge',
  tableName: 'branch_merges',
  properties: {
    branch: () =>
      p
        .oneToOne(BranchSchema)
        .ref()
        .primary()
        .owner()
        .fieldName('branch_id')
        .foreignKeyName('branch_merges_branch_id_fkey')
        .updateRule('no action')
        .deleteRule('no action'),
    /** The newest revision once the merge was done: its own, unless it had nothing to change. */
    revisionId: p.bigint('number'),
    onConflict: p.text(),
    message: p.text().nullable(),
    inserted: p.bigint('number'),
    corrected: p.bigint('number'),
    withdrawn: p.bigint('number'),
    unchanged: p.bigint('number'),
    /** No foreign key, because the log outlives an erased account. */
    mergedBy: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    { name: 'branch_merges_revision_id_check', expression: 'revision_id >= 0' },
    {
      name: 'branch_merges_on_conflict_check',
      expression: `on_conflict in (${CONFLICT_POLICIES.map((policy) => `'${policy}'`).join(', ')})`,
    },
    { name: 'branch_merges_message_check', expression: 'length(message) <= 1000' },
    {
      name: 'branch_merges_counts_check',
      expression: 'inserted >= 0 and corrected >= 0 and withdrawn >= 0 and unchanged >= 0',
    },
  ],
});
