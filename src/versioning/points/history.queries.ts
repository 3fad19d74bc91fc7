import type { Statement } from '../../database/statement.js';

const STAMP = (alias: string): string => `${alias}.id || ' ' || extract(epoch from ${alias}.created_at)`;

/** SQL of the newest revision and when it was made: all that tells one history of prices from another. **Shape**: two words of text. */
export const NEWEST_REVISION = `coalesce((select ${STAMP('r')} from revisions r order by r.id desc limit 1), '0 0')`;

/** SQL of a branch `alias` and when it was made, as two words of text: its number may be another one's in another history. */
export const branchStamp = STAMP;

/**
 * SQL of what tells one history from another: the newest revision, when it was made, the newest branch, when it was made. **Shape**: one text
 * of four words, `7 1767225600.000000 3 1767225500.000000`; `0 0` for what there is none of.
 */
export const HEAD = `(
          ${NEWEST_REVISION} || ' ' ||
          coalesce((select ${STAMP('b')} from branches b order by b.id desc limit 1), '0 0'))`;

/**
 * Whether the history that had this head goes on. **Shape**: one row: the head now; whether the revision and the branch that were the
 * newest are still there, made when they were.
 */
export function goesOn(head: string): Statement {
  const [revision = '0', madeAt = '0', branch = '0', branchMadeAt = '0'] = head.split(' ');
  const isThere = (table: string, id: string, stamp: string): string =>
    `(${stamp} = '0 0' or exists (select from ${table} x where x.id = ${id} and ${STAMP('x')} = ${stamp}))`;
  return {
    name: 'history_goes_on',
    text: `
      select
        ${HEAD},
        ${isThere('revisions', '$1::bigint', '$2::text')} and ${isThere('branches', '$3::bigint', '$4::text')}`,
    values: [revision, `${revision} ${madeAt}`, branch, `${branch} ${branchMadeAt}`],
  };
}
