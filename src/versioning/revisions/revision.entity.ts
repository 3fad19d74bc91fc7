import { defineEntity, p } from '@mikro-orm/core';
import { BranchSchema } from '../branches/branch.entity.js';
import { REVISION_KINDS } from '../versioning.types.js';

/** One committed change to versioned data. The numbers grow by one, in the order of the commits. */
export const RevisionSchema = defineEntity({
  name: 'Revision',
  tableName: 'revisions',
  properties: {
    id: p.bigint('number').primary().autoincrement(false),
    branch: () =>
      p.manyToOne(BranchSchema).ref().fieldName('branch_id').foreignKeyName('revisions_branch_id_fkey'),
    kind: p.text(),
    /** Where the change came from: a file's name, or `http`. */
    source: p.text(),
    message: p.text().nullable(),
    /** Who made it; no foreign key, because the log outlives an erased account. */
    authorId: p.uuid().nullable(),
    /** Taken as the last thing before the commit, so that it is when others could first see it. */
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    inserted: p.bigint('number').defaultRaw('0'),
    corrected: p.bigint('number').defaultRaw('0'),
    withdrawn: p.bigint('number').defaultRaw('0'),
  },
  indexes: [
    { name: 'revisions_created_at_index', properties: ['createdAt'] },
    { name: 'revisions_branch_id_index', properties: ['branch', 'id'] },
  ],
  checks: [
    { name: 'revisions_id_check', expression: 'id > 0' },
    {
      name: 'revisions_kind_check',
      expression: `kind in (${REVISION_KINDS.map((kind) => `'${kind}'`).join(', ')})`,
    },
    { name: 'revisions_message_check', expression: 'length(message) <= 1000' },
    { name: 'revisions_source_check', expression: 'length(source) <= 300' },
    { name: 'revisions_counts_check', expression: 'inserted >= 0 and corrected >= 0 and withdrawn >= 0' },
  ],
});
