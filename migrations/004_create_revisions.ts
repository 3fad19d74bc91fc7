import { Migration } from '@mikro-orm/migrations';

/**
 * The commit log of versioned data: one row for every committed change, numbered in commit order without gaps.
 *
 * `author_id` has no foreign key on purpose: the log outlives an erased account and then names nobody.
 */
export class CreateRevisions extends Migration {
  override up(): void {
    this.addSql(`
      create table revisions (
        id bigint not null,
        branch_id smallint not null,
        kind text not null,
        source text not null,
        message text,
        author_id uuid,
        created_at timestamptz not null default clock_timestamp(),
        inserted bigint not null default 0,
        corrected bigint not null default 0,
        withdrawn bigint not null default 0,
        constraint revisions_pkey primary key (id),
        constraint revisions_branch_id_fkey foreign key (branch_id) references branches (id),
        constraint revisions_id_check check (id > 0),
        constraint revisions_kind_check check (kind in ('import', 'correction', 'withdrawal', 'merge', 'revert')),
        constraint revisions_message_check check (length(message) <= 1000),
        constraint revisions_source_check check (length(source) <= 300),
        constraint revisions_counts_check check (inserted >= 0 and corrected >= 0 and withdrawn >= 0)
      )`);
    this.addSql(`create index revisions_created_at_index on revisions (created_at)`);
    this.addSql(`create index revisions_branch_id_index on revisions (branch_id, id)`);
    // Committed is committed: only the counts and the time are written after the row, in the same transaction.
    this.addSql(`revoke update, delete on revisions from stockroom_app`);
    this.addSql(`grant update (created_at, inserted, corrected, withdrawn) on revisions to stockroom_app`);
  }

  override down(): void {
    this.addSql(`drop table revisions`);
  }
}
