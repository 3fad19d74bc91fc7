import { defineEntity, p } from '@mikro-orm/core';

/**
 * A line of history. `main` (number 1) is the root; every other one left its parent at `forkRevision` and sees the parent
 * as it stood then.
 */
export const BranchSchema = defineEntity({
  name: 'Branch',
  tableName: 'branches',
  properties: {
    id: p.smallint().primary().autoincrement().generated('by default as identity'),
    name: p.text().unique('branches_name_key'),
    parent: () =>
      p
        .manyToOne(BranchSchema)
        .ref()
        .nullable()
        .fieldName('parent_id')
        .foreignKeyName('branches_parent_id_fkey')
        .deleteRule('no action'),
    forkRevision: p.bigint('number').nullable(),
    status: p.text().default('open'),
    createdBy: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    { name: 'branches_name_check', expression: `name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'` },
    { name: 'branches_status_check', expression: `status in ('open', 'merged', 'discarded')` },
    {
      name: 'branches_root_check',
      expression: '(id = 1) = (parent_id is null) and (parent_id is null) = (fork_revision is null)',
    },
    { name: 'branches_fork_revision_check', expression: 'fork_revision >= 0' },
  ],
});
