import type { Statement } from '../database/statement.js';

/**
 * A session is live while it is not revoked and `idle_expires_at`, which is never later than `expires_at`, lies ahead; that of
 * a person, while the person is active. All by the database's clock.
 */
const LIVE = 's.revoked_at is null and s.idle_expires_at > now()';

/** Whether the last use that was noted is so old that it is noted anew. */
const STALE = `s.last_seen_at < now() - interval '1 minute'`;

/** An instant as RFC 3339 in UTC, as answers hold it. */
const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const VIEW = `
  s.id, ${instant('s.created_at')}, ${instant('s.last_seen_at')}, ${instant('s.expires_at')}, s.user_agent, s.address`;

/**
 * The look-up of requests with tokens, for as many as came together. **Shape**: for each live session a row of id, hash, user id,
 * role, whether the password was given within five minutes, whether the use is to be noted; in any order.
 */
export function liveSessions(ids: readonly string[]): Statement {
  return {
    name: 'sessions_live',
    text: `
      select s.id, s.token_hash, s.user_id, u.role, s.authenticated_at > now() - interval '5 minutes', ${STALE}
      from sessions s
      join users u on u.id = s.user_id
      where s.id = any($1::uuid[]) and ${LIVE} and u.is_active`,
    values: [ids],
  };
}

/** **Shape**: rows of id and hash, of those of these sessions that are live, visitors' too. A rotation changes the hash. */
export function liveSessionIds(ids: readonly string[]): Statement {
  return {
    name: 'session_live_ids',
    text: `
      select s.id, encode(s.token_hash, 'hex')
      from sessions s
      left join users u on u.id = s.user_id
      where s.id = any($1::uuid[]) and ${LIVE} and (s.user_id is null or u.is_active)`,
    values: [ids],
  };
}

/** How many sessions are live. **Shape**: one row: of people, of visitors; together no more than `most`, where counting ends. */
export function countLiveSessions(most: number): Statement {
  return {
    name: 'session_count_live',
    text: `
      select count(user_id)::integer, (count(*) - count(user_id))::integer
      from (select s.user_id from sessions s where ${LIVE} limit $1) as live`,
    values: [most],
  };
}

/** A visitor by the hash of their id. **Shape**: at most one row of id, whether it is live, whether the use is to be noted. */
export function visitorSession(hash: Uint8Array): Statement {
  return {
    name: 'session_visitor',
    text: `select s.id, ${LIVE}, ${STALE} from sessions s where s.token_hash = $1 and s.user_id is null`,
    values: [hash],
  };
}

/** What is stored of a visitor who is seen for the first time. */
export interface NewVisitor {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly idleSeconds: number;
  readonly lifetimeDays: number;
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** Remembers a visitor, unless another request of theirs was faster. */
export function addVisitor(visitor: NewVisitor): Statement {
  const { id, hash, idleSeconds, lifetimeDays, address, userAgent } = visitor;
  return {
    name: 'session_add_visitor',
    text: `
      insert into sessions (id, token_hash, idle_expires_at, expires_at, address, user_agent)
      values ($1, $2, now() + make_interval(secs => $3), now() + make_interval(days => $4), $5, $6)
      on conflict (token_hash) do nothing`,
    values: [id, hash, idleSeconds, lifetimeDays, address, userAgent],
  };
}

/**
 * Notes that a session was used, and moves its idle expiry; once a minute whoever asks.
 *
 * **Why** `skip locked`: of a burst of requests one writes, and the others do not wait for it, nor for a rotation.
 */
export function noteUse(id: string, idleSeconds: number): Statement {
  return {
    name: 'session_note_use',
    text: `
      update sessions
      set last_seen_at = now(), idle_expires_at = least(now() + make_interval(secs => $2), expires_at)
      where id = (
        select s.id
        from sessions s
        where s.id = $1 and ${LIVE} and ${STALE}
        for no key update skip locked
      )`,
    values: [id, idleSeconds],
  };
}

/** A page of somebody's live sessions, newest first. */
export interface SessionPage {
  readonly userId: string;
  readonly after: string | null;
  readonly limit: number;
}

/** **Shape**: rows of the view, one more than `limit` when there are more. */
export function sessionPage({ userId, after, limit }: SessionPage): Statement {
  return {
    name: 'session_page',
    text: `
      select ${VIEW}
      from sessions s
      where s.user_id = $1 and ${LIVE} and ($2::uuid is null or s.id < $2)
      order by s.id desc
      limit $3`,
    values: [userId, after, limit + 1],
  };
}

/** One live session by its id. **Shape**: the view, then idle expiry. */
export function sessionById(id: string): Statement {
  return {
    name: 'session_by_id',
    text: `select ${VIEW}, ${instant('s.idle_expires_at')} from sessions s where s.id = $1 and ${LIVE}`,
    values: [id],
  };
}

/** Live sessions of many people. **Shape**: rows of user id and the view, of each person the newest `perUser`, newest first. */
export function liveSessionsOf(userIds: readonly string[], perUser: number): Statement {
  return {
    name: 'session_live_of_users',
    text: `
      select w.user_id, v.*
      from unnest($1::uuid[]) as w (user_id)
      cross join lateral (
        select ${VIEW}
        from sessions s
        where s.user_id = w.user_id and ${LIVE}
        order by s.id desc
        limit $2
      ) v
      order by w.user_id, v.id desc`,
    values: [userIds, perUser],
  };
}

/**
 * Removes sessions that have been dead for a day, oldest first. **Why** the day: until then an id that is used again is known to
 * have been somebody's. Several processes at it take different rows.
 */
export function purgeSessions(limit: number): Statement {
  return {
    name: 'session_purge',
    text: `
      delete from sessions
      where id in (
        select id
        from sessions
        where idle_expires_at < now() - interval '1 day'
        order by idle_expires_at
        limit $1
        for update skip locked
      )`,
    values: [limit],
  };
}

/** Ends every live session there is, visitors' too. */
export function endEverySession(): Statement {
  return {
    name: 'session_end_every',
    text: `update sessions s set revoked_at = now() where ${LIVE}`,
    values: [],
  };
}
