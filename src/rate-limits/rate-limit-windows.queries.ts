import type { Statement } from '../database/statement.js';

/** What a process asks of a shared window. **Units**: points, one per request. */
export interface TakePoints {
  readonly key: Buffer;
  readonly limit: number;
  readonly windowSeconds: number;
  /** Requests that wait for a point now. */
  readonly waiting: number;
  /** How many points the process would like, to have some for the next requests. */
  readonly wanted: number;
}

/**
 * Takes points of a window: for all who wait as long as there are any, and beyond that at most a quarter of what is left, so that
 * one process cannot hold what another needs. A window that is over begins anew.
 *
 * **Shape**: one row: points given, points left, milliseconds until the window ends.
 *
 * **Why** `moment` in a sub-select: the time must be that after the wait for the row, and the same wherever it is compared; the
 * clock is the database's, because those of the processes differ.
 */
export function takePoints(take: TakePoints): Statement {
  return {
    name: 'rate_limit_take_points',
    text: `
      insert into rate_limit_windows as held (key, used, granted, ends_at)
      select $1, share.points, share.points, clock_timestamp() + $3::integer * interval '1 second'
      from (select least($2::integer, greatest($4::integer, least($5::integer, $2::integer / 4))) as points) share
      on conflict (key) do update
      set (used, granted, ends_at) = (
        select base.used + share.points, share.points, base.ends_at
        from (select clock_timestamp() as now) moment
        cross join lateral (
          select
            case when held.ends_at <= moment.now then 0 else held.used end as used,
            case
              when held.ends_at <= moment.now then moment.now + $3::integer * interval '1 second'
              else held.ends_at
            end as ends_at
        ) base
        cross join lateral (select greatest($2::integer - base.used, 0) as points) free
        cross join lateral (
          select least(free.points, greatest($4::integer, least($5::integer, free.points / 4))) as points
        ) share
      )
      returning granted, greatest($2::integer - used, 0),
        ceil(extract(epoch from ends_at - clock_timestamp()) * 1000)::integer`,
    values: [take.key, take.limit, take.windowSeconds, take.waiting, take.wanted],
  };
}

/** Gives one point back to a window that is not over. */
export function givePointBack(key: Buffer): Statement {
  return {
    name: 'rate_limit_give_point_back',
    text: `
      update rate_limit_windows
      set used = greatest(used - 1, 0)
      where key = $1
        and ends_at > clock_timestamp()`,
    values: [key],
  };
}

/** Removes windows that are over, those left out that somebody is just using. */
export function removeOldWindows(limit: number): Statement {
  return {
    name: 'rate_limit_remove_old_windows',
    text: `
      delete from rate_limit_windows
      where key in (
        select key
        from rate_limit_windows
        where ends_at <= clock_timestamp()
        limit $1
        for update skip locked
      )`,
    values: [limit],
  };
}
