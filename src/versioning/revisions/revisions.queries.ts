import type { Statement } from '../../database/statement.js';
import type { RevisionDraft, VersionedTable } from '../versioning.types.js';

/** The advisory lock of {@link takeCommitLock}. Any constant does, as long as nothing else of ours uses it. */
export const COMMIT_LOCK = '7163001042';

/**
 * Gives a commit the patience to wait for its turn: behind millions of rows it may take longer than any other statement of a request
 * should. Work that needs more time than this says so itself. **Units**: milliseconds for one lock.
 */
export function patience(lockMs: number): Statement {
  return {
    name: 'commit_patience',
    text: `select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)`,
    values: [`${lockMs}ms`, `${lockMs + 15_000}ms`],
  };
}

/**
 * Gives the statements of a merge or revert the time that as many rows as an import has may take. **Why** not before the turn:
 * there {@link patience} is the limit.
 */
export function timeForManyRows(): Statement {
  return {
    name: 'commit_many_rows',
    text: `select set_config('statement_timeout', '30min', true)`,
    values: [],
  };
}

/**
 * Waits for the turn to commit. Held to the end of the transaction, so revisions become visible in the order of their
 * numbers: an answer given for a revision can never change because an earlier one was still on its way.
 */
export function takeCommitLock(): Statement {
  return { name: 'commit_lock', text: `select pg_advisory_xact_lock(${COMMIT_LOCK})`, values: [] };
}

/** The advisory lock of {@link takeFinishLock} and {@link waitForFinish}. */
export const FINISH_LOCK = '7163001044';

/**
 * Held from before a revision is stamped until it is visible, a moment at the end of each commit. Together with
 * {@link waitForFinish} it keeps an instant from resolving twice to different revisions: without it one commit in a hundred
 * was stamped before an instant that had been answered without it.
 */
export function takeFinishLock(): Statement {
  return { name: 'finish_lock', text: `select pg_advisory_xact_lock(${FINISH_LOCK})`, values: [] };
}

/** Waits until what is stamped is visible, and keeps others from being stamped until the transaction ends. */
export function waitForFinish(): Statement {
  return { name: 'finish_wait', text: `select pg_advisory_xact_lock_shared(${FINISH_LOCK})`, values: [] };
}

/** **Shape**: one row: the newest revision of all, 0 when there is none. */
export function headRevision(): Statement {
  return { name: 'revision_head', text: 'select coalesce(max(id), 0)::float8 from revisions', values: [] };
}

/** **Shape**: one row: the newest revision, the newest one committed at or before the instant (both 0 if none), whether the instant is in the future by the database's clock; the stamp of the newest, up to a moment ahead of it, is not. */
export function revisionAtInstant(instant: string): Statement {
  return {
    name: 'revision_at_instant',
    text: `
      select
        (select coalesce(max(id), 0)::float8 from revisions),
        coalesce((select id::float8 from revisions where created_at <= $1 order by created_at desc, id desc limit 1), 0),
        $1::timestamptz > greatest(clock_timestamp(), (select created_at from revisions order by id desc limit 1))`,
    values: [instant],
  };
}

/** Opens the new revision. Its counts and time are set by {@link finishRevision}. */
export function insertRevision(input: { id: number; branchId: number; draft: RevisionDraft }): Statement {
  const { id, branchId, draft } = input;
  return {
    name: 'revision_insert',
    text: `
      insert into revisions (id, branch_id, kind, source, message, author_id)
      values ($1, $2, $3, $4, $5, $6)`,
    values: [id, branchId, draft.kind, draft.source, draft.message, draft.authorId],
  };
}

/**
 * The last statement of a commit. **Why** the time is taken here: a revision stamped when a long import began would slip
 * under an instant that was already asked about. It never goes back, also when the clock does. **Units**: whole milliseconds, because that is
 * what answers show, each revision at least one behind the one before: asked for with what was shown, an instant gives its revision.
 * Rounded up, never down: an instant that has passed may have been answered.
 */
export function finishRevision(input: {
  id: number;
  inserted: number;
  corrected: number;
  withdrawn: number;
}): Statement {
  return {
    name: 'revision_finish',
    text: `
      update revisions
      set inserted = $2, corrected = $3, withdrawn = $4,
        created_at = greatest(
          date_trunc('milliseconds', clock_timestamp()),
          (select date_trunc('milliseconds', created_at) from revisions where id = $1 - 1)
        ) + interval '1 millisecond'
      where id = $1`,
    values: [input.id, input.inserted, input.corrected, input.withdrawn],
  };
}

/** The columns of a revision as JSON text. `r` is revisions, `b` its branch. */
const REVISION_JSON = `(
  select row_to_json(j)::text
  from (
    select r.id, b.name as branch, r.kind, r.source, r.message, r.author_id as "authorId",
      to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
      r.inserted, r.corrected, r.withdrawn
  ) j
)`;

/** **Shape**: the revision as JSON text, or no row. */
export function revisionById(id: number): Statement {
  return {
    name: 'revision_by_id',
    text: `select ${REVISION_JSON} from revisions r join branches b on b.id = r.branch_id where r.id = $1`,
    values: [id],
  };
}

/** **Shape**: rows of the revision as JSON text, in the order of the numbers; none for a number that there is not. */
export function revisionsByIds(ids: readonly number[]): Statement {
  return {
    name: 'revisions_by_ids',
    text: `
      select ${REVISION_JSON}
      from revisions r
      join branches b on b.id = r.branch_id
      where r.id = any($1::bigint[])
      order by r.id`,
    values: [ids],
  };
}

/** **Shape**: rows of id and JSON text, those after `id`, oldest first. */
export function revisionsAfter(id: number, limit: number): Statement {
  return {
    name: 'revisions_after',
    text: `
      select r.id::float8, ${REVISION_JSON}
      from revisions r
      join branches b on b.id = r.branch_id
      where r.id > $1
      order by r.id
      limit $2`,
    values: [id, limit],
  };
}

/** **Shape**: number and name of the branch that a revision was made on, or no row. */
export function branchOfRevision(id: number): Statement {
  return {
    name: 'revision_branch',
    text: 'select b.id, b.name from revisions r join branches b on b.id = r.branch_id where r.id = $1',
    values: [id],
  };
}

/** Makes all statements of the transaction see the same moment. Must come first. */
export function oneSnapshot(): Statement {
  return {
    name: 'one_snapshot',
    text: 'set transaction isolation level repeatable read, read write',
    values: [],
    prepared: false,
  };
}

/** A page of the commit log. `scopes` limits it to revisions that touched one of them, by way of the table that says so. */
export interface RevisionPage {
  readonly branchId: number | null;
  readonly touched: { readonly table: VersionedTable; readonly scopes: readonly number[] } | null;
  /** Only revisions older than this one; null from the newest on. */
  readonly before: number | null;
  readonly limit: number;
}

/**
 * **Shape**: rows of id and JSON text, newest first, one more than `limit` when there are more.
 *
 * **Why** spans of one branch and of one scope, where equations would say the same: PostgreSQL keeps to the index that has the order then.
 * By equations it walks all revisions back until enough of a quiet branch or stock have come by.
 */
export function revisionPage(page: RevisionPage): Statement {
  const { branchId, touched, before, limit } = page;
  const values: unknown[] = [before ?? Number.MAX_SAFE_INTEGER, limit + 1];
  const ofBranch = (): string => {
    const place = `$${values.push(branchId)}::smallint`;
    return `between ${place} and ${place}`;
  };
  const parts = [touched?.table.table, branchId === null ? undefined : 'branch'];
  return {
    name: ['revision_page', ...parts.filter((part) => part !== undefined)].join('_'),
    text: `
      select r.id::float8, ${REVISION_JSON}
      from (${touched === null ? pageOfAll(branchId === null ? null : ofBranch()) : pageOfScopes(touched.table, `$${values.push(touched.scopes)}`, branchId === null ? null : ofBranch())}) p
      join revisions r on r.id = p.id
      join branches b on b.id = r.branch_id
      order by r.id desc
      limit $2`,
    values,
  };
}

/** The newest revisions before `$1`, `$2` of them. */
function pageOfAll(ofBranch: string | null): string {
  return `
        select r.id
        from revisions r
        where r.id < $1 ${ofBranch === null ? '' : `and r.branch_id ${ofBranch}`}
        order by ${ofBranch === null ? '' : 'r.branch_id desc, '}r.id desc
        limit $2`;
}

/** Those that touched one of some scopes: as many of each as the page may need. */
function pageOfScopes({ touched, scope }: VersionedTable, scopes: string, ofBranch: string | null): string {
  const isOfBranch = `and (select o.branch_id from revisions o where o.id = t.revision_id) ${ofBranch}`;
  return `
        select distinct t.revision_id as id
        from unnest(${scopes}::int[]) s (id)
        cross join lateral (
          select t.revision_id
          from ${touched.table} t
          where t.${scope} between s.id and s.id and t.revision_id < $1 ${ofBranch === null ? '' : isOfBranch}
          order by t.${scope} desc, t.revision_id desc
          limit $2
        ) t`;
}
