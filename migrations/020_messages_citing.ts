import { Migration } from '@mikro-orm/migrations';

/**
 * Finds the caller's messages by what they cite, through the index on citations.
 *
 * Under row-level security PostgreSQL uses an index only for operators that are known to leak nothing, and `@>` is none: the
 * application role's own statement reads all of its owner's messages. So this one runs as the tables' owner, whom the policies let
 * through, and says itself whose rows it looks at: those of the settings that the policies compare with, whatever the caller passes.
 */
export class MessagesCiting extends Migration {
  override up(): void {
    this.addSql(`
      create function messages_citing(cited jsonb, before uuid, most integer) returns setof uuid
      language sql stable security definer rows 50
      set search_path = pg_catalog, pg_temp
      begin atomic
        select m.id
        from messages m
        where m.owner_id = any (array[
            nullif(current_setting('stockroom.user_id', true), '')::uuid,
            nullif(current_setting('stockroom.visitor_id', true), '')::uuid
          ])
          and m.citations @> cited
          and (before is null or m.id < before)
        order by m.id desc
        limit most;
      end`);
    this.addSql(`revoke all on function messages_citing(jsonb, uuid, integer) from public`);
    this.addSql(`grant execute on function messages_citing(jsonb, uuid, integer) to stockroom_app`);
  }

  override down(): void {
    this.addSql(`drop function messages_citing(jsonb, uuid, integer)`);
  }
}
