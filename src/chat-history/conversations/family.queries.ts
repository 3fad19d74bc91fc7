import type { Statement } from '../../database/statement.js';

/**
 * Locks a conversation, and whatever it was forked off, for a deletion or a fork. **Shape**: rows of id, whether it was deleted, last
 * `seq`, version, revision that citations are fixed at, branch, title. One order, so that two who lock parts of one family cannot
 * wait for each other.
 */
export function lockFamily(id: string, ownerId: string): Statement {
  return {
    name: 'family_lock',
    text: `
      select c.id, c.deleted_at is not null, c.last_seq, c.version, c.as_of_revision::float8, c.branch_id, c.title
      from conversations c
      where c.owner_id = $2
        and c.id in (
          with recursive up as (
            select id, parent_id from conversations where id = $1 and owner_id = $2
            union all
            select p.id, p.parent_id from up join conversations p on p.id = up.parent_id and p.owner_id = $2
          )
          select id from up
        )
      order by c.id
      for no key update of c`,
    values: [id, ownerId],
  };
}

/** Leaves of a conversation only that it was there, which keeps its id from being made again. */
export function buryConversation(id: string, ownerId: string): Statement {
  return {
    name: 'family_bury',
    text: `
      update conversations
      set deleted_at = clock_timestamp(), title = null, metadata = null, request_digest = null,
        version = version + 1, updated_at = now()
      where id = $1
        and owner_id = $2`,
    values: [id, ownerId],
  };
}

/** Removes messages of deleted conversations but for what living forks still show of them. Citations go with their message. */
export function removeUnshown(ids: readonly string[], ownerId: string): Statement {
  return {
    name: 'family_remove_unshown',
    text: `
      with recursive shown (buried_id, id, up_to, is_living) as (
        select c.parent_id, c.id, c.fork_seq, c.deleted_at is null
        from conversations c
        where c.parent_id = any($1::uuid[])
          and c.owner_id = $2
        union all
        select s.buried_id, c.id, least(s.up_to, c.fork_seq), c.deleted_at is null
        from shown s
        join conversations c on c.parent_id = s.id and c.owner_id = $2
      )
      delete from messages m
      where m.conversation_id = any($1::uuid[])
        and m.owner_id = $2
        and m.seq > coalesce(
          (select max(s.up_to) from shown s where s.buried_id = m.conversation_id and s.is_living), 0
        )`,
    values: [ids, ownerId],
  };
}
