import type { Statement } from '../database/statement.js';

/** **Shape**: one row of id, role, is_active, password_hash, or none. No username holds an @, so one account at most is meant. */
export function userByLogin(login: string): Statement {
  return {
    name: 'user_by_login',
    text: `
      select id, role, is_active, password_hash
      from users
      where lower(email) = lower($1) or lower(username) = lower($1)`,
    values: [login],
  };
}

/** Replaces a password's hash, unless it was replaced already. The version stays: nothing changed that anybody sees. */
export function replaceHash(input: {
  readonly id: string;
  readonly known: string;
  readonly fresh: string;
}): Statement {
  return {
    name: 'user_replace_hash',
    text: 'update users set password_hash = $3 where id = $1 and password_hash = $2',
    values: [input.id, input.known, input.fresh],
  };
}
