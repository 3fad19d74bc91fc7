import type { Statement } from '../../database/statement.js';
import { QuotesService } from '../../stock-data/quotes/quotes.service.js';

/**
 * Lets transactions that number late citations of one owner take turns until they end. **Why**: numbers appear in their order then, and
 * whoever reads on behind one misses none. Taken behind `VersioningService.holdHead`, by everybody, so that nobody waits in a circle.
 */
export function takeLateTurn(ownerId: string): Statement {
  return {
    name: 'late_citations_turn',
    text: `select pg_advisory_xact_lock(hashtextextended('late citations of ' || $1, 0))`,
    values: [ownerId],
  };
}

/** Numbers citations whose version had ended when they were pinned, at the newest revision of that moment. */
export function insertLate(late: {
  readonly messageId: string;
  readonly ownerId: string;
  readonly ordinals: readonly number[];
  readonly head: number;
}): Statement {
  return {
    name: 'late_citations_insert',
    text: `
      insert into late_citations (message_id, ordinal, owner_id, revision)
      select $1, o, $2, $4
      from unnest($3::smallint[]) o
      order by o`,
    values: [late.messageId, late.ownerId, late.ordinals, late.head],
  };
}

/**
 * Makes what a visitor's citations quote late for the account that takes them over, as far as it was restated: what the visitor was told,
 * the account was not. SQL with the places of account and visitor, and twice each of the lowest message and the one behind the last
 * (null: no bound).
 */
export const CLAIM_LATE = `
  insert into late_citations (message_id, ordinal, owner_id, revision)
  select c.message_id, c.ordinal, ?::uuid, (select max(id) from revisions)
  from message_citations c
  ${QuotesService.standing('c', 'now')}
  where c.owner_id = ?::uuid and now.status <> 'current'
    and (?::uuid is null or c.message_id >= ?::uuid)
    and (?::uuid is null or c.message_id < ?::uuid)
  order by c.message_id, c.ordinal
  on conflict (message_id, ordinal) do update
  set owner_id = excluded.owner_id, number = default, revision = excluded.revision`;

/** The newest late citation of each of these owners. **Shape**: rows of owner and number; none for an owner without any. */
export function newestLate(ownerIds: readonly string[]): Statement {
  return {
    name: 'late_citations_newest',
    text: `
      select o.id, l.number::float8
      from unnest($1::uuid[]) o (id)
      cross join lateral (
        select l.number
        from late_citations l
        where l.owner_id = o.id
        order by l.revision desc, l.number desc
        limit 1
      ) l`,
    values: [ownerIds],
  };
}

/** **Shape**: one row: the highest number that was ever given. */
export function lastLateNumber(): Statement {
  return {
    name: 'late_citations_last',
    text: 'select case when is_called then last_value else 0 end::float8 from late_citations_number_seq',
    values: [],
  };
}
