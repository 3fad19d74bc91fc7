import { Migration } from '@mikro-orm/migrations';

/**
 * What each merge was asked and what it answered, so that the same request again, after a lost answer, is answered the same.
 *
 * `revision_id` is the newest revision once the merge was done: its own, unless it had nothing to change. Then it may also be 0,
 * which is why it has no foreign key.
 */
export class CreateBranchMerges extends Migration {
  override up(): void {
    this.addSql(`
      create table branch_merges (
        branch_id smallint not null,
        revision_id bigint not null,
        on_conflict text not null,
        message text,
        inserted bigint not null,
        corrected bigint not null,
        withdrawn bigint not null,
        unchanged bigint not null,
        merged_by uuid,
        created_at timestamptz not null default now(),
        constraint branch_merges_pkey primary key (branch_id),
        constraint branch_merges_branch_id_fkey foreign key (branch_id) references branches (id),
        constraint branch_merges_revision_id_check check (revision_id >= 0),
        constraint branch_merges_on_conflict_check check (on_conflict in ('fail', 'ours', 'theirs')),
        constraint branch_merges_message_check check (length(message) <= 1000),
        constraint branch_merges_counts_check check (
          inserted >= 0 and corrected >= 0 and withdrawn >= 0 and unchanged >= 0
        )
      )`);
    this.addSql(`revoke update, delete on branch_merges from stockroom_app`);
  }

  override down(): void {
    this.addSql(`drop table branch_merges`);
  }
}
