import type { Statement } from '../database/statement.js';

/** What a list of events asks for. **Shape**: null where nothing is asked; instants as text. */
export interface AuditPage {
  readonly action: string | null;
  readonly outcome: string | null;
  readonly userId: string | null;
  /** Inclusive. */
  readonly from: string | null;
  /** Exclusive. */
  readonly to: string | null;
  /** Time, to the microsecond, and id of the last event of the page before. */
  readonly before: readonly [createdAt: string, id: string] | null;
  readonly limit: number;
}

/**
 * Events, newest first. **Shape**: rows of time, id and JSON text, one more than `limit` when there are more.
 *
 * **Why** not one text for all filters: a plan that fits every combination of them would use no index for any.
 */
export function auditPage(page: AuditPage): Statement {
  const values: unknown[] = [page.limit + 1];
  const conditions: string[] = [];
  const add = (condition: (placeholder: string) => string, value: unknown): void => {
    if (value === null) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  add((value) => `e.action = ${value}`, page.action);
  add((value) => `e.outcome = ${value}`, page.outcome);
  add((value) => `e.user_id = ${value}::uuid`, page.userId);
  add((value) => `e.created_at >= ${value}::timestamptz`, page.from);
  add((value) => `e.created_at < ${value}::timestamptz`, page.to);
  if (page.before !== null) {
    values.push(...page.before);
    conditions.push(`(e.created_at, e.id) < ($${values.length - 1}::timestamptz, $${values.length}::uuid)`);
  }
  return {
    name: 'audit_page',
    text: `
      select to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.id, (
        select row_to_json(j)::text
        from (
          select e.id, to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
            e.action, e.outcome, e.user_id as "userId", e.session_id as "sessionId",
            case when e.target_type is not null then json_build_object('type', e.target_type, 'id', e.target_id) end as target,
            e.address, e.user_agent as "userAgent", e.request_id as "requestId", e.details
        ) j
      )
      from audit_events e
      ${conditions.length === 0 ? '' : `where ${conditions.join('\n        and ')}`}
      order by e.created_at desc, e.id desc
      limit $1`,
    values,
    prepared: false,
  };
}
