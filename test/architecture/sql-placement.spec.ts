import { describe, expect, it } from '@jest/globals';
import { sourceFiles } from './rules/source-files.js';
import { misplacedSql } from './rules/sql-placement.js';

const inService = (text: string): readonly string[] =>
  misplacedSql([{ path: 'src/users/users.service.ts', text }]);

describe('SQL', () => {
  it('stands in migrations, *.queries.ts and *.repository.ts only', () => {
    expect(misplacedSql(sourceFiles('src'))).toEqual([]);
  });

  it.each([
    "const a = 'select id from users';",
    'const a = `\n  SELECT id\n  FROM users`;',
    'const a = `select ${columns} from users where id = $1`;',
    "const a = 'insert into users (id) values ($1)';",
    'const a = `update users set role = $1`;',
    'const a = `update ${table} set role = $1`;',
    "const a = 'delete from users';",
    "const a = 'create table t (id int)';",
    "const a = 'create unique index i on t (a)';",
    "const a = 'alter table users add column a int';",
    "const a = 'with old as (select 1) delete from users';",
    "const a = 'copy stock_data (ts, close) from stdin';",
    "const a = 'copy staging from stdin';",
    "const a = 'grant select on users to somebody';",
    "const a = 'select pg_advisory_lock(1)';",
    "em.getConnection().execute('vacuum');",
    'connection.execute(`vacuum ${table}`);',
  ])('is found in a service: %s', (text) => {
    expect(inService(text)).toHaveLength(1);
  });

  it.each([
    '// select id from users\nconst a = 1;',
    '/** Runs `select id from users`. */\nexport const a = 1;',
    "const a = 'Select a file from the list';",
    "const a = 'updates the settings';",
    "const a = 'begin';",
    "const a = 'Create a table of contents';",
    'task.execute(command);',
  ])('is not seen in prose, comments and transactions: %s', (text) => {
    expect(inService(text)).toEqual([]);
  });

  it('is named with its line and the file where it belongs', () => {
    expect(inService("\nconst a = 'select id from users';")[0]).toMatch(
      /^src\/users\/users\.service\.ts:2 .*src\/users\/users\.queries\.ts/,
    );
  });

  it('may stand in queries and repositories', () => {
    const text = "export const a = 'select id from users';";
    expect(
      misplacedSql([
        { path: 'src/users/users.queries.ts', text },
        { path: 'src/users/user.repository.ts', text },
      ]),
    ).toEqual([]);
  });

  it('may declare an index in an entity, and nothing else', () => {
    const path = 'src/users/user.entity.ts';
    const text =
      "const a = 'create unique index i on users (lower(email))';\nconst b = 'select id from users';";
    expect(misplacedSql([{ path, text }])).toEqual([expect.stringContaining('user.entity.ts:2 ')]);
  });
});
