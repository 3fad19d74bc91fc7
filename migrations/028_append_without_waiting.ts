import { Migration } from '@mikro-orm/migrations';

/**
 * An append that is stored at once waits for nobody: also not for somebody else who writes to the conversation. Only those that wait have to
 * be kept from holding all connections; what never does needs no place in a queue.
 */
export class AppendWithoutWaiting extends Migration {
  override up(): void {
    this.addSql(`
      create or replace function append_message(
        in_conversation uuid, in_owner uuid, seen_branch text, seen_at_most bigint, seen_history text, head_lock bigint,
        in_message uuid, in_role text, in_content text, in_citations jsonb, in_metadata jsonb, in_language text, in_digest bytea,
        in_ordinals smallint[], in_series integer[], in_branches smallint[], in_times timestamptz[], in_revisions bigint[]
      ) returns table (given_seq integer, given_at timestamptz)
      language plpgsql
      as $$
      declare
        words tsvector;
        taken record;
      begin
        if length(in_content) > 4096 then
          -- Before anything is locked: of 64 KiB it takes some 20 ms. For nobody who has no such conversation.
          if not exists (select from public.conversations c where c.id = in_conversation and c.owner_id = in_owner) then
            return;
          end if;
          words := public.message_search(in_language, in_content);
        end if;
        -- To the end, nobody else gets a number. One that is given out and not used would be a gap, and one read by two would be given out
        -- twice. Not waited for: who comes second waits in a transaction of steps, as few as may hold a connection meanwhile.
        select c.last_seq, c.last_activity_at, c.branch_id, c.as_of_revision
        into taken
        from public.conversations c
        where c.id = in_conversation
          and c.owner_id = in_owner
          and c.deleted_at is null
        for no key update skip locked;
        if not found then
          return;
        end if;
        if seen_history is not null then
          -- To the end, no revision becomes visible. Not waited for: with a commit that is just ending, whoever calls looks again behind it.
          if not pg_try_advisory_xact_lock_shared(head_lock) then
            return;
          end if;
          -- A statement of its own, so that it sees what was committed before.
          if not exists (
            select
            from public.branches b
            where b.id = taken.branch_id
              and b.status <> 'discarded'
              and b.id || ' ' || extract(epoch from b.created_at) = seen_branch
              and taken.as_of_revision is not distinct from seen_at_most
              and seen_history = coalesce((
                select r.id || ' ' || extract(epoch from r.created_at) from public.revisions r order by r.id desc limit 1
              ), '0 0')
          ) then
            return;
          end if;
        end if;
        given_seq := taken.last_seq + 1;
        -- Times do not go back inside a conversation, also when the clock does.
        given_at := greatest(clock_timestamp(), taken.last_activity_at);
        insert into public.messages
          (id, conversation_id, owner_id, seq, role, content, citations, metadata, request_digest, language, created_at, search)
        values
          (in_message, in_conversation, in_owner, given_seq, in_role, in_content, in_citations, in_metadata, in_digest, in_language,
            given_at, coalesce(words, public.message_search(in_language, in_content)))
        on conflict (id) do nothing;
        if not found then
          return;
        end if;
        if cardinality(in_ordinals) > 0 then
          insert into public.message_citations (message_id, owner_id, ordinal, series_id, branch_id, ts, revision)
          select in_message, in_owner, p.*
          from unnest(in_ordinals, in_series, in_branches, in_times, in_revisions) p;
        end if;
        update public.conversations c
        set last_seq = given_seq, last_activity_at = given_at, updated_at = given_at, version = c.version + 1
        where c.id = in_conversation;
        return next;
      end $$`);
  }

  override down(): void {
    this.addSql(`
      create or replace function append_message(
        in_conversation uuid, in_owner uuid, seen_branch text, seen_at_most bigint, seen_history text, head_lock bigint,
        in_message uuid, in_role text, in_content text, in_citations jsonb, in_metadata jsonb, in_language text, in_digest bytea,
        in_ordinals smallint[], in_series integer[], in_branches smallint[], in_times timestamptz[], in_revisions bigint[]
      ) returns table (given_seq integer, given_at timestamptz)
      language plpgsql
      as $$
      declare
        words tsvector;
        taken record;
      begin
        if length(in_content) > 4096 then
          -- Before anything is locked: of 64 KiB it takes some 20 ms. For nobody who has no such conversation.
          if not exists (select from public.conversations c where c.id = in_conversation and c.owner_id = in_owner) then
            return;
          end if;
          words := public.message_search(in_language, in_content);
        end if;
        -- Whoever comes next waits here. A number that is given out and not used would be a gap, and one read by two would be given out twice.
        select c.last_seq, c.last_activity_at, c.branch_id, c.as_of_revision
        into taken
        from public.conversations c
        where c.id = in_conversation
          and c.owner_id = in_owner
          and c.deleted_at is null
        for no key update;
        if not found then
          return;
        end if;
        if seen_history is not null then
          -- To the end, no revision becomes visible. Not waited for: with a commit that is just ending, whoever calls looks again behind it.
          if not pg_try_advisory_xact_lock_shared(head_lock) then
            return;
          end if;
          -- A statement of its own, so that it sees what was committed before.
          if not exists (
            select
            from public.branches b
            where b.id = taken.branch_id
              and b.status <> 'discarded'
              and b.id || ' ' || extract(epoch from b.created_at) = seen_branch
              and taken.as_of_revision is not distinct from seen_at_most
              and seen_history = coalesce((
                select r.id || ' ' || extract(epoch from r.created_at) from public.revisions r order by r.id desc limit 1
              ), '0 0')
          ) then
            return;
          end if;
        end if;
        given_seq := taken.last_seq + 1;
        -- Times do not go back inside a conversation, also when the clock does.
        given_at := greatest(clock_timestamp(), taken.last_activity_at);
        insert into public.messages
          (id, conversation_id, owner_id, seq, role, content, citations, metadata, request_digest, language, created_at, search)
        values
          (in_message, in_conversation, in_owner, given_seq, in_role, in_content, in_citations, in_metadata, in_digest, in_language,
            given_at, coalesce(words, public.message_search(in_language, in_content)))
        on conflict (id) do nothing;
        if not found then
          return;
        end if;
        if cardinality(in_ordinals) > 0 then
          insert into public.message_citations (message_id, owner_id, ordinal, series_id, branch_id, ts, revision)
          select in_message, in_owner, p.*
          from unnest(in_ordinals, in_series, in_branches, in_times, in_revisions) p;
        end if;
        update public.conversations c
        set last_seq = given_seq, last_activity_at = given_at, updated_at = given_at, version = c.version + 1
        where c.id = in_conversation;
        return next;
      end $$`);
  }
}
