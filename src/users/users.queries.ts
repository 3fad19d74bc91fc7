import type { Statement } from '../database/statement.js';
import type { UserRole } from './users.types.js';

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

/** What a page of people asks for. `after` is the id before the page. */
export interface UserPage {
  readonly active: boolean | null;
  readonly role: UserRole | null;
  readonly q: string | null;
  readonly after: string | null;
  readonly limit: number;
}

/** **Shape**: rows of a person as JSON text, by id, which is the order they came in; one more than `limit` when there are more. */
export function userPage(page: UserPage): Statement {
  return {
    name: 'user_page',
    text: `
      select (
        select row_to_json(j)::text
        from (
          select u.id, u.email, u.username, u.role, u.is_active as "isActive",
            to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
            to_char(u.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "updatedAt"
        ) j
      )
      from users u
      where ($1::boolean is null or u.is_active = $1)
        and ($2::user_role is null or u.role = $2)
        and ($3::text is null or position(lower($3) in lower(u.email || ' ' || u.username)) > 0)
        and ($4::uuid is null or u.id > $4)
      order by u.id
      limit $5`,
    values: [page.active, page.role, page.q, page.after, page.limit + 1],
  };
}
