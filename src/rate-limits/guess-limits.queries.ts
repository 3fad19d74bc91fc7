import type { Statement } from '../database/statement.js';

/** **Shape**: one row when the account has failures that still count: how many, from all addresses together. */
export function failuresOf(account: Buffer): Statement {
  return {
    name: 'guess_limit_failures',
    text: `
      select failures
      from guess_limits
      where key = $1
        and forgotten_at > clock_timestamp()`,
    values: [account],
  };
}

/** **Shape**: one row when the address has tried the account: milliseconds until it may again, zero or less for now. */
export function waitOf(pair: Buffer): Statement {
  return {
    name: 'guess_limit_wait',
    text: `
      select ceil(extract(epoch from not_before - clock_timestamp()) * 1000)::integer
      from guess_limits
      where key = $1`,
    values: [pair],
  };
}

/** **Shape**: one row when the owner of the account has signed in from the address, and that is not too long ago. */
export function isTrusted(pair: Buffer): Statement {
  return {
    name: 'guess_limit_is_trusted',
    text: `
      select true
      from guess_limits
      where key = $1
        and trusted_until > clock_timestamp()`,
    values: [pair],
  };
}

/** An attempt of one address, at whatever account. */
export interface AddressAttempt {
  readonly address: Buffer;
  /** Attempts without a wait. */
  readonly free: number;
  readonly maxDelaySeconds: number;
  readonly windowSeconds: number;
}

/**
 * Counts an attempt of an address as failed, unless it still has to wait: none for the free ones, then 1, 2, 4 … seconds.
 *
 * **Shape**: one row: whether it was let through, and milliseconds until the next may be.
 *
 * **Why** a window that ends, unlike that of a pair: behind one address are many people, of whom somebody always mistypes; if
 * failures counted until none followed for an hour, an office would never get below its limit again.
 */
export function tryAddress(attempt: AddressAttempt): Statement {
  return {
    name: 'guess_limit_try_address',
    text: `
      insert into guess_limits as held (key, failures, admitted, not_before, forgotten_at)
      select $1, 1, true, moment.now + ${delayAfter('1', '$2::integer', '$3::integer')},
        moment.now + $4::integer * interval '1 second'
      from (select clock_timestamp() as now) moment
      on conflict (key) do update
      set (failures, admitted, not_before, forgotten_at) = (
        select
          case when attempt.admitted then attempt.failures else held.failures end,
          attempt.admitted,
          case
            when attempt.admitted
            then moment.now + ${delayAfter('attempt.failures', '$2::integer', '$3::integer')}
            else held.not_before
          end,
          case
            when attempt.admitted and attempt.is_over then moment.now + $4::integer * interval '1 second'
            else held.forgotten_at
          end
        from (select clock_timestamp() as now) moment
        cross join lateral (
          select
            held.not_before <= moment.now as admitted,
            held.forgotten_at <= moment.now as is_over,
            case when held.forgotten_at <= moment.now then 1 else held.failures + 1 end as failures
        ) attempt
      )
      returning admitted, ceil(extract(epoch from not_before - clock_timestamp()) * 1000)::integer`,
    values: [attempt.address, attempt.free, attempt.maxDelaySeconds, attempt.windowSeconds],
  };
}

/** Takes one failure of an address back, and the wait after it. */
export function uncountAddress(address: Buffer): Statement {
  return {
    name: 'guess_limit_uncount_address',
    text: `
      update guess_limits
      set failures = greatest(failures - 1, 0), not_before = clock_timestamp()
      where key = $1`,
    values: [address],
  };
}

/** An attempt of one address at one account. */
export interface Attempt {
  readonly pair: Buffer;
  /** Attempts without a wait, for an address that the owner has signed in from. */
  readonly freeWhenTrusted: number;
  /** The same for any other address. */
  readonly free: number;
  readonly maxDelaySeconds: number;
  readonly memorySeconds: number;
}

/**
 * Counts an attempt as failed, before anyone knows, unless the address still has to wait; and sets the wait after it: none for
 * the free ones, then 1, 2, 4 … seconds. An attempt that comes too early changes nothing, so that the wait that was told stays
 * true.
 *
 * **Shape**: one row: whether it was let through, and milliseconds until the next may be.
 *
 * **Why** the time is read in a sub-select: it must be that after the wait for the row. A thousand attempts at once queue there.
 */
export function tryGuess(attempt: Attempt): Statement {
  return {
    name: 'guess_limit_try',
    text: `
      insert into guess_limits as held (key, failures, admitted, not_before, forgotten_at)
      select $1, 1, true, clock_timestamp() + ${delayAfter('1', '$3::integer', '$4::integer')},
        clock_timestamp() + $5::integer * interval '1 second'
      on conflict (key) do update
      set (failures, admitted, not_before, forgotten_at) = (
        select
          case when attempt.admitted then attempt.failures else held.failures end,
          attempt.admitted,
          case
            when attempt.admitted then moment.now + ${delayAfter('attempt.failures', 'attempt.free', '$4::integer')}
            else held.not_before
          end,
          case
            when attempt.admitted then moment.now + $5::integer * interval '1 second'
            else held.forgotten_at
          end
        from (select clock_timestamp() as now) moment
        cross join lateral (
          select
            held.not_before <= moment.now as admitted,
            case when held.forgotten_at <= moment.now then 1 else held.failures + 1 end as failures,
            case when held.trusted_until > moment.now then $2::integer else $3::integer end as free
        ) attempt
      )
      returning admitted, ceil(extract(epoch from not_before - clock_timestamp()) * 1000)::integer`,
    values: [
      attempt.pair,
      attempt.freeWhenTrusted,
      attempt.free,
      attempt.maxDelaySeconds,
      attempt.memorySeconds,
    ],
  };
}

/** The wait after so many failures. The exponent is capped because the largest would not fit a number; 2^20 seconds are twelve days. */
function delayAfter(failures: string, free: string, maxSeconds: string): string {
  return `
    case
      when ${failures} < ${free} then interval '0'
      else least(power(2, least(${failures} - ${free}, 20)), ${maxSeconds}) * interval '1 second'
    end`;
}

/** Counts a failure for an account, whoever made it. */
export function countFailure(account: Buffer, memorySeconds: number): Statement {
  return {
    name: 'guess_limit_count_failure',
    text: `
      insert into guess_limits as held (key, failures, admitted, not_before, forgotten_at)
      values ($1, 1, true, clock_timestamp(), clock_timestamp() + $2::integer * interval '1 second')
      on conflict (key) do update
      set failures = case
            when held.forgotten_at <= clock_timestamp() then 1
            -- Whoever guesses on for years must not make a number overflow.
            else least(held.failures + 1, 1000000000)
          end,
          forgotten_at = clock_timestamp() + $2::integer * interval '1 second'`,
    values: [account, memorySeconds],
  };
}

/** Takes one failure of an account back. */
export function uncountFailure(account: Buffer): Statement {
  return {
    name: 'guess_limit_uncount_failure',
    text: `
      update guess_limits
      set failures = greatest(failures - 1, 0)
      where key = $1`,
    values: [account],
  };
}

/** Forgets what an address got wrong at an account, and remembers that the owner uses it. */
export function trustPair(pair: Buffer, trustSeconds: number): Statement {
  return {
    name: 'guess_limit_trust',
    text: `
      insert into guess_limits (key, failures, admitted, not_before, forgotten_at, trusted_until)
      values ($1, 0, true, clock_timestamp(), clock_timestamp(), clock_timestamp() + $2::integer * interval '1 second')
      on conflict (key) do update
      set failures = 0,
          not_before = excluded.not_before,
          forgotten_at = excluded.forgotten_at,
          trusted_until = excluded.trusted_until`,
    values: [pair, trustSeconds],
  };
}

/** Removes rows that say nothing any more, those left out that somebody is just using. */
export function removeForgotten(limit: number): Statement {
  return {
    name: 'guess_limit_remove_forgotten',
    text: `
      delete from guess_limits
      where key in (
        select key
        from guess_limits
        where forgotten_at <= clock_timestamp()
          and not_before <= clock_timestamp()
          and (trusted_until is null or trusted_until <= clock_timestamp())
        limit $1
        for update skip locked
      )`,
    values: [limit],
  };
}
