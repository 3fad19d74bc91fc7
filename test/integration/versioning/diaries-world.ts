import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { SqlService } from '../../../src/database/sql.service.js';
import type { VersioningService } from '../../../src/versioning/versioning.service.js';
import type { VersionedTable } from '../../../src/versioning/versioning.types.js';
import type { VersionedWorld } from './history-world.js';

/** Pages of diaries: nothing of stocks, keyed by a name and not by an instant, with values of other types. */
const DIARIES: VersionedTable = {
  table: 'diary_pages',
  scope: 'diary_no',
  key: 'page_name',
  values: ['mood', 'words'],
  touched: { table: 'revision_diaries', first: 'first_page', last: 'last_page' },
};

/** Makes the tables that the description asks for, with the grants of the application role. */
export async function makeDiaries(owner: ConnectionSettings): Promise<void> {
  await withConnection(owner, async (client) => {
    await client.query('set role stockroom_owner');
    await client.query(`
      create table diary_pages (
        diary_no int not null,
        branch_id smallint not null,
        page_name text collate "C" not null,
        valid_to bigint not null default 9223372036854775807,
        valid_from bigint not null check (valid_from < valid_to),
        withdrawn boolean not null,
        mood text,
        words jsonb,
        check (withdrawn = (mood is null)),
        primary key (diary_no, branch_id, page_name, valid_to)
      )`);
    await client.query(`
      create table revision_diaries (
        revision_id bigint not null,
        diary_no int not null,
        first_page text collate "C" not null,
        last_page text collate "C" not null,
        primary key (revision_id, diary_no)
      )`);
  });
}

let made = 0;
const dayOf = (key: string): number => Number(key.slice('page '.length));

/** Diaries, read by the plainest statement that follows a lineage. */
export function diariesWorld(sql: SqlService, versioning: VersioningService): VersionedWorld {
  return {
    table: DIARIES,
    newScope: async () => ++made,
    proposals: (scope, changes) => ({
      relation: `
        select $1::int as diary_no, c.page as page_name, c.mood is null as withdrawn, c.mood,
          case when c.mood is not null then jsonb_build_array(c.mood, c.page) end as words
        from unnest($2::text[], $3::text[]) as c (page, mood)`,
      values: [scope, changes.map(({ day }) => `page ${day}`), changes.map(({ close }) => close)],
      scopes: [scope],
    }),
    dayOf,
    async read(scope, { branch, revision }) {
      const isNow = revision === Number.MAX_SAFE_INTEGER;
      const { lineage } = await versioning.pointFromZero(branch, isNow ? undefined : { revision });
      const rows = await sql.read({
        name: 'test_diary',
        text: `
          select page_name, mood
          from (
            select distinct on (p.page_name) p.*
            from unnest($2::int[], $3::bigint[]) with ordinality l (branch_id, revision, depth)
            join diary_pages p on p.branch_id = l.branch_id and p.valid_from <= l.revision and p.valid_to > l.revision
            where p.diary_no = $1
            order by p.page_name, l.depth
          ) p
          where not withdrawn`,
        values: [scope, lineage.map(({ branchId }) => branchId), lineage.map((segment) => segment.revision)],
      });
      return rows
        .map(([page, mood]) => `${dayOf(String(page))}=${String(mood)}`)
        .sort()
        .join(' ');
    },
  };
}
