import type { Statement } from '../../database/statement.js';
import { aForkKeeps, isConversationPast, isOlderThan, keeps, overdueSince } from './past-date.js';

/**
 * How long a tombstone stays: its id cannot be taken by a write that was sent before the deletion and arrives after it. Nothing
 * waits that long.
 */
const TOMBSTONE_DAYS = '30';

/** The fewest days that anybody keeps messages. **Shape**: one row; null when everybody keeps them for ever. */
export function fewestDays(defaultDays: number | null): Statement {
  return {
    name: 'retention_fewest_days',
    text: `select least($1::integer, (select min(message_retention_days) from user_settings))`,
    values: [defaultDays],
  };
}

/** A part of the messages, oldest first. **Shape**: `after` is instant and id of the last one that was looked at. */
export interface AgedPage {
  readonly defaultDays: number | null;
  readonly fewestDays: number;
  readonly after: readonly [createdAt: string, id: string] | null;
  readonly limit: number;
}

/** The next `limit` messages that are as old as anybody's days. */
const AGED_PAGE = `
        select m.id, m.conversation_id, m.created_at
        from messages m
        where ${isOlderThan('m.created_at', '$2::integer')}
          and ($3::timestamptz is null or (m.created_at, m.id) > ($3::timestamptz, $4::uuid))
        order by m.created_at, m.id
        limit $5`;

const pageValues = ({ defaultDays, fewestDays: least, after, limit }: AgedPage): readonly unknown[] => [
  ...[defaultDays, least, after?.[0] ?? null, after?.[1] ?? null, limit],
];

/**
 * Holds the conversations of the next messages, so that whoever pins or forks one, or a fork of it, either has done so, and is heeded by
 * {@link removeAged}, or waits. **Shape**: a row of their ids. Waits for nobody: what is locked is left for the next run.
 *
 * **Why** apart: a statement sees what was there when it began. A fork that was made and pinned while it went through the messages would
 * not be seen, and its messages removed.
 */
export function holdAged(page: AgedPage): Statement {
  return {
    name: 'retention_hold_aged',
    text: `
      with page as materialized (${AGED_PAGE}
      ), held as (
        select c.id
        from conversations c
        where c.id in (select conversation_id from page)
          -- Numbered as in the removal, which needs it.
          and ($1::integer is null or true)
        for share of c skip locked
      )
      select coalesce(array_agg(id), '{}') from held`,
    values: pageValues(page),
  };
}

/**
 * Looks at the next `limit` messages that are as old as anybody's days, and removes those past their date of the conversations that are
 * held. **Shape**: one row: how many were looked at, how many removed, instant and id of the last one looked at.
 */
export function removeAged(page: AgedPage, held: readonly string[]): Statement {
  return {
    name: 'retention_remove_aged',
    text: `
      with page as materialized (${AGED_PAGE}
      ), due as (
        select m.id
        from messages m
        join conversations c on c.id = m.conversation_id
        where m.id in (select id from page)
          and c.id = any($6::uuid[])
          and not ${keeps('c', 'm', '$1')}
          and not ${aForkKeeps('m', '$1')}
        for update of m skip locked
      ), removed as (
        delete from messages where id in (select id from due) returning id
      ), last as (
        select created_at, id from page order by created_at desc, id desc limit 1
      )
      select (select count(*)::integer from page), (select count(*)::integer from removed),
        (select created_at::text from last), (select id from last)`,
    values: [...pageValues(page), held],
  };
}

/**
 * How long the message that waits longest has been past its date, of the oldest `sample` that may be. **Shape**: one row of seconds; 0
 * when none is. **Why** a sample: this is asked every few seconds, and a store may have millions of old messages that are all kept.
 */
export function longestOverdue(defaultDays: number | null, sample: number): Statement {
  const least = 'least($1::integer, (select min(message_retention_days) from user_settings))';
  return {
    name: 'retention_longest_overdue',
    text: `
      select coalesce(max(extract(epoch from now() - o.since)), 0)::double precision
      from (
        select m.id, m.conversation_id, m.created_at, m.seq
        from messages m
        where ${isOlderThan('m.created_at', least)}
        order by m.created_at
        limit $2
      ) as m
      join conversations c on c.id = m.conversation_id
      cross join lateral (select ${overdueSince('c', 'm', '$1')} as since) o
      where not ${keeps('c', 'm', '$1')}
        and not ${aForkKeeps('m', '$1')}`,
    values: [defaultDays, sample],
  };
}

/** Which messages go whatever their age: **Shape**: `fewestDays` null when nobody's messages go by age. */
export interface EndedScope {
  readonly defaultDays: number | null;
  readonly fewestDays: number | null;
}

/** Of conversations that were deleted or are past a date of their own, and too young for {@link removeAged}. */
const ENDED = `
  from messages m
  join conversations c on c.id = m.conversation_id
  where (c.deleted_at is not null or c.retain_until <= now())
    and (${isOlderThan('m.created_at', '$2::integer')}) is not true
    and not ${keeps('c', 'm', '$1')}
    and not ${aForkKeeps('m', '$1')}`;

/** Holds the conversations of messages that go whatever their age, as {@link holdAged} does. **Shape**: a row of their ids. */
export function holdEnded(scope: EndedScope, limit: number): Statement {
  return {
    name: 'retention_hold_ended',
    text: `
      with held as (
        select c.id
        from conversations c
        where c.id in (select m.conversation_id ${ENDED} limit $3)
        for share of c skip locked
      )
      select coalesce(array_agg(id), '{}') from held`,
    values: [scope.defaultDays, scope.fewestDays, limit],
  };
}

/** Removes messages that go with their conversation, of those that are held. **Shape**: counts rows. */
export function removeEnded(scope: EndedScope, limit: number, held: readonly string[]): Statement {
  return {
    name: 'retention_remove_ended',
    text: `
      delete from messages
      where id in (
        select m.id ${ENDED}
          and c.id = any($4::uuid[])
        limit $3
        for update of m skip locked
      )`,
    values: [scope.defaultDays, scope.fewestDays, limit, held],
  };
}

/** How many {@link removeEnded} would remove in all. */
export function countEnded(scope: EndedScope): Statement {
  return {
    name: 'retention_count_ended',
    text: `select count(*)::integer ${ENDED}`,
    values: [scope.defaultDays, scope.fewestDays],
  };
}

/**
 * Makes tombstones of conversations that are past their date, as a deletion by their owner would. **Shape**: counts rows.
 *
 * Whoever writes in one holds its row, and it is passed over; who comes just before is seen, because the row is read again.
 */
export function closeConversations(defaultDays: number | null, limit: number): Statement {
  return {
    name: 'retention_close_conversations',
    text: `
      update conversations
      set deleted_at = now(), title = null, metadata = null, request_digest = null, version = version + 1,
        updated_at = now()
      where id in (
        select c.id
        from conversations c
        where ${isConversationPast('c', '$1')}
        limit $2
        for update of c skip locked
      )`,
    values: [defaultDays, limit],
  };
}

/** How many {@link closeConversations} would close in all. */
export function countConversations(defaultDays: number | null): Statement {
  return {
    name: 'retention_count_conversations',
    text: `select count(*)::integer from conversations c where ${isConversationPast('c', '$1')}`,
    values: [defaultDays],
  };
}

/** Deleted long ago, empty, and parent of nobody. */
const FORGOTTEN = `
  from conversations c
  where ${isOlderThan('c.deleted_at', TOMBSTONE_DAYS)}
    and not exists (select from messages m where m.conversation_id = c.id)
    and not exists (select from conversations f where f.parent_id = c.id)`;

/** Removes tombstones for good. **Shape**: counts rows. A parent goes in the run after its last fork. */
export function removeTombstones(limit: number): Statement {
  return {
    name: 'retention_remove_tombstones',
    text: `
      delete from conversations
      where id in (select c.id ${FORGOTTEN} limit $1 for update of c skip locked)`,
    values: [limit],
  };
}

/** How many {@link removeTombstones} would remove in all. */
export function countTombstones(): Statement {
  return {
    name: 'retention_count_tombstones',
    text: `select count(*)::integer ${FORGOTTEN}`,
    values: [],
  };
}
