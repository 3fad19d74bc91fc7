import { describe, expect, it } from '@jest/globals';
import { scrubLiterals } from '../database/scrub-literals.js';
import { driverQuery } from '../database/statement.js';
import { statementFacts } from './statement-facts.js';

const factsOf = (query: unknown) => statementFacts(query, scrubLiterals);

describe('what is told of a statement', () => {
  it('is the name alone where it has one', () => {
    expect(factsOf({ name: 'stock_page', text: 'select 1', values: ['canary'] })).toEqual({
      summary: 'stock_page',
    });
  });

  it('is the label alone where it is sent without a name', () => {
    const statement = { name: 'stock_page', text: 'select 1', values: [] };
    for (const named of [true, false])
      expect(factsOf(driverQuery(statement, named))).toEqual({ summary: 'stock_page' });
    expect(driverQuery(statement, false).name).toBeUndefined();
  });

  it('is what it does to which table where it has none, and its text without literals', () => {
    expect(factsOf(`select "u"."id" from "users" as "u" where "u"."email" = 'canary@example.com'`)).toEqual({
      summary: 'select users',
      text: 'select "u"."id" from "users" as "u" where "u"."email" = ?',
    });
    expect(factsOf({ text: `insert into "users" ("email") values ('from canary')`, values: [] })).toEqual({
      summary: 'insert users',
      text: 'insert into "users" ("email") values (?)',
    });
    expect(factsOf(`update "users" set "name" = 'x' where "id" = 7`).summary).toBe('update users');
    expect(factsOf('begin')).toEqual({ summary: 'begin', text: 'begin' });
  });

  it('is next to nothing for what is no statement', () => {
    for (const query of [undefined, null, 7, {}, { text: 7, name: 8 }])
      expect(factsOf(query)).toEqual({ summary: 'statement', text: '' });
  });

  it('ends where a long text has been shown for long enough', () => {
    expect(factsOf(`select ${'"a", '.repeat(1_000)} "b" from "users"`).text).toHaveLength(2_000);
  });
});
