import type { Statement } from '../../database/statement.js';
import { COMMIT_LOCK } from '../revisions/revisions.queries.js';

/**
 * Who has the turn to commit while others wait, and waits itself for its own client in the middle of a statement; that session is
 * ended if it stands where it stood at `mark`.
 *
 * **Shape**: one row, or none when nobody keeps others waiting so: how far it is as text, to be given as `mark` the next time; whether it
 * was ended. A client that takes up its work between two looks has another mark.
 * **Why** `case`: without a mark the comparison is null, and `null and …` evaluates what stands behind it.
 * **Why** from another session: PostgreSQL looks neither at `statement_timeout` nor at a cancel request while it waits for
 * the next bytes of a COPY, and the kernel of a stopped client answers every keepalive.
 */
export function endStalledTurn(mark: string | null): Statement {
  return {
    name: 'turn_end_stalled',
    text: `
      select h.mark, case when h.mark = $1 then pg_terminate_backend(h.pid) else false end
      from (
        select a.pid, concat_ws(' ', a.pid, a.backend_start, a.query_start, p.bytes_processed) as mark
        from pg_locks l
        join pg_stat_activity a on a.pid = l.pid
        left join pg_stat_progress_copy p on p.pid = l.pid
        where l.granted and ${ofCommits('l')}
          and a.state = 'active' and a.wait_event_type = 'Client'
          and exists (select from pg_locks w where not w.granted and ${ofCommits('w')})
      ) h`,
    values: [mark],
  };
}

/** A bigint advisory lock stands in two halves. */
function ofCommits(alias: string): string {
  return `${alias}.locktype = 'advisory' and ${alias}.objsubid = 1
          and ${alias}.database = (select d.oid from pg_database d where d.datname = current_database())
          and (${alias}.classid::bigint << 32 | ${alias}.objid::bigint) = ${COMMIT_LOCK}`;
}
