/**
 * The rules of `docs/retention.md` as SQL. Everything is compared with the database's clock, at the begin of the transaction; the
 * days of those who set none are the parameter `defaultDays`, null for ever.
 */

/** **Why** hours: a day of an interval has 23 or 25 of them twice a year, depending on the session's time zone. */
const days = (count: string): string => `make_interval(hours => 24 * (${count}))`;

/** How many days the owner of a conversation keeps messages; null: for ever. */
const daysOf = (conversation: string, defaultDays: string): string => `
  coalesce((select u.message_retention_days from user_settings u where u.user_id = ${conversation}.user_id), ${defaultDays}::integer)`;

/** What was true this many days ago or longer is past its date; null days: never. */
export const isOlderThan = (instant: string, count: string): string => `${instant} <= now() - ${days(count)}`;

/** Whether a conversation that shows a message wants it kept. **Shape**: never null. */
export function keeps(conversation: string, message: string, defaultDays: string): string {
  return `(
    ${conversation}.deleted_at is null and case
      when ${conversation}.is_pinned then true
      when ${conversation}.retain_until is not null then ${conversation}.retain_until > now()
      else (${isOlderThan(`${message}.created_at`, daysOf(conversation, defaultDays))}) is not true
    end)`;
}

/** Since when a message that its conversation does not keep is past its date. */
export function overdueSince(conversation: string, message: string, defaultDays: string): string {
  return `coalesce(${conversation}.deleted_at, ${conversation}.retain_until,
    ${message}.created_at + ${days(daysOf(conversation, defaultDays))})`;
}

/** Whether one of the forks that show a message, or a fork of them, wants it kept. */
export function aForkKeeps(message: string, defaultDays: string): string {
  return `exists (
    with recursive fork as (
      select f.id, f.user_id, f.deleted_at, f.is_pinned, f.retain_until
      from conversations f
      where f.parent_id = ${message}.conversation_id and f.fork_seq >= ${message}.seq
      union all
      select f.id, f.user_id, f.deleted_at, f.is_pinned, f.retain_until
      from conversations f
      join fork on f.parent_id = fork.id
      where f.fork_seq >= ${message}.seq
    )
    select from fork where ${keeps('fork', message, defaultDays)}
  )`;
}

/** Whether a whole conversation is past its date: nothing was written in it for as long as messages are kept. */
export function isConversationPast(conversation: string, defaultDays: string): string {
  const count = daysOf(conversation, defaultDays);
  return `(
    ${conversation}.deleted_at is null and not ${conversation}.is_pinned and case
      when ${conversation}.retain_until is not null then ${conversation}.retain_until <= now()
      else coalesce(${isOlderThan(`${conversation}.last_activity_at`, count)}, false)
        and not exists (
          select from messages m
          where m.conversation_id = ${conversation}.id and not ${isOlderThan('m.created_at', count)})
    end)`;
}
