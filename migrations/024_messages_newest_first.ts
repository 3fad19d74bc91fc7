import { Migration } from '@mikro-orm/migrations';

/**
 * One's messages by the moment they were stored: their ids are their clients' to make, so those are in no order.
 *
 * `messages_citing` looks through the newest thousand first, and through all that cite it only when those have not enough. Reading on until
 * there are enough would read all of an owner's messages for what few of them cite; collecting and sorting all that cite it, for each
 * page, all of those who cite one symbol everywhere. Planned for the values of each call, because how common a citation is
 * decides which index serves the second look.
 */
export class MessagesNewestFirst extends Migration {
  override up(): void {
    this.addSql(`
      -- Appends wait while it is built, some seconds for a million messages; no release is in use that would notice.
      -- squawk-ignore require-concurrent-index-creation
      create index messages_owner_id_created_at_id_idx on messages (owner_id, created_at, id)`);
    this.addSql(`
      -- lint-ignore ban-drop-used-object: no release is in use that calls it.
      drop function messages_citing(jsonb, uuid, integer)`);
    this.addSql(`
      create function messages_citing(cited jsonb, before_at timestamptz, before_id uuid, most integer) returns setof uuid
      language plpgsql stable security definer rows 50
      set search_path = pg_catalog, pg_temp
      set plan_cache_mode = force_custom_plan
      as $$
      declare
        asker constant uuid := coalesce(
          nullif(current_setting('stockroom.user_id', true), ''),
          nullif(current_setting('stockroom.visitor_id', true), '')
        );
        looked_at integer;
        last_at timestamptz;
        last_id uuid;
        near uuid[];
      begin
        select count(*), min(w.created_at), (array_agg(w.id order by w.place desc))[1],
          coalesce(array_agg(w.id order by w.place) filter (where w.citations @> cited), '{}')
        into looked_at, last_at, last_id, near
        from (
          select m.id, m.created_at, m.citations, row_number() over (order by m.created_at desc, m.id desc) as place
          from public.messages m
          where m.owner_id = asker
            and (m.created_at, m.id) < (coalesce(before_at, 'infinity'), before_id)
          order by m.created_at desc, m.id desc
          limit 1000
        ) w;
        return query select unnest(near[1:most]);
        if looked_at < 1000 or cardinality(near) >= most then
          return;
        end if;
        return query
          with citing as materialized (
            select m.id, m.created_at
            from public.messages m
            where m.owner_id = asker
              and m.citations @> cited
              and (m.created_at, m.id) < (last_at, last_id)
          )
          select c.id from citing c order by c.created_at desc, c.id desc limit most - cardinality(near);
      end $$`);
    this.addSql(`revoke all on function messages_citing(jsonb, timestamptz, uuid, integer) from public`);
    this.addSql(
      `grant execute on function messages_citing(jsonb, timestamptz, uuid, integer) to stockroom_app`,
    );
  }

  override down(): void {
    this.addSql(`drop function messages_citing(jsonb, timestamptz, uuid, integer)`);
    this.addSql(`
      create function messages_citing(cited jsonb, before uuid, most integer) returns setof uuid
      language sql stable security definer rows 50
      set search_path = pg_catalog, pg_temp
      begin atomic
        select m.id
        from public.messages m
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
    this.addSql(`drop index messages_owner_id_created_at_id_idx`);
  }
}
