/**
 * Which messages a conversation shows: a recursive common table expression `lineage` for conversation `$1` of owner `$2`.
 *
 * **Shape**: one row for each conversation on the way up, the asked one first (depth 0): its messages from `first_seq` to `up_to` are
 * shown. No row when the conversation is not there. An ancestor that was deleted still lends what it has.
 *
 * **Why** `offset 0`: each parent is looked up by its id, where a plan for any conversation might read all of somebody's.
 * **Why** `least`: a fork may be made at a message that its parent itself inherited; then nothing of the parent's own is shown.
 */
export const LINEAGE = `
      lineage (id, parent_id, fork_seq, first_seq, up_to, depth) as (
        select c.id, c.parent_id, c.fork_seq, coalesce(c.fork_seq, 0) + 1, c.last_seq, 0
        from conversations c
        where c.id = $1
          and c.owner_id = $2
          and c.deleted_at is null
        union all
        select p.id, p.parent_id, p.fork_seq, coalesce(p.fork_seq, 0) + 1, least(l.up_to, l.fork_seq), l.depth + 1
        from lineage l
        cross join lateral (
          select c.id, c.parent_id, c.fork_seq
          from conversations c
          where c.id = l.parent_id
            and c.owner_id = $2
          offset 0
        ) p
      )`;
