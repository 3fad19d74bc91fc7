import type { Statement } from './statement.js';

/** The three group roles. Login users are granted one of them; nobody signs in as a group. */
export const OWNER_ROLE = 'stockroom_owner';
export const APP_ROLE = 'stockroom_app';
export const READONLY_ROLE = 'stockroom_readonly';

/**
 * Creates or repairs the roles, and says what they may do with tables to come; may be run at any time, on an existing
 * server, by a superuser or by a user that may create roles and owns the database. Plain SQL without psql's commands, so any
 * client can run it. Tables that are there already are left as they are: see {@link defaultTableGrants}.
 *
 * **Shape**: one script of several statements.
 */
export function rolesScript(): string {
  return `do $$
declare
  r text;
begin
  foreach r in array array['${OWNER_ROLE}', '${APP_ROLE}', '${READONLY_ROLE}'] loop
    if not exists (select from pg_roles where rolname = r) then
      execute format('create role %I nologin', r);
    end if;
  end loop;
  -- Whoever runs this must be able to act as the owner: to set its default privileges, and to migrate. From PostgreSQL 16 on,
  -- whoever made a role is a member of it that may grant it to itself, and may do nothing else with it.
  if not pg_has_role(current_user, '${OWNER_ROLE}', 'usage') then
    execute format('grant ${OWNER_ROLE} to %I', current_user);
  end if;
  execute format('grant connect, temporary on database %I to ${OWNER_ROLE}, ${APP_ROLE}, ${READONLY_ROLE}', current_database());
end $$;

revoke create on schema public from public;
grant usage, create on schema public to ${OWNER_ROLE};
grant usage on schema public to ${APP_ROLE}, ${READONLY_ROLE};

alter default privileges for role ${OWNER_ROLE} in schema public
  grant select, insert, update, delete on tables to ${APP_ROLE};
alter default privileges for role ${OWNER_ROLE} in schema public
  grant usage, select on sequences to ${APP_ROLE};
alter default privileges for role ${OWNER_ROLE} in schema public
  grant select on tables to ${READONLY_ROLE};
`;
}

/**
 * Sets the grants on every table and sequence of the owner to what a new one gets by default. The exceptions that migrations
 * made are gone after it and must be made again in the same transaction.
 */
export function defaultTableGrants(): Statement {
  return {
    name: 'roles_default_table_grants',
    text: `
      do $$
      declare
        t record;
      begin
        for t in
          select c.relname, c.relkind = 'S' as is_sequence
          from pg_class c
          where c.relnamespace = 'public'::regnamespace
            and c.relkind in ('r', 'p', 'S')
            and c.relowner = '${OWNER_ROLE}'::regrole
        loop
          if t.is_sequence then
            execute format('revoke all on sequence public.%I from ${APP_ROLE}, ${READONLY_ROLE}', t.relname);
            execute format('grant usage, select on sequence public.%I to ${APP_ROLE}', t.relname);
          else
            execute format('revoke all on public.%I from ${APP_ROLE}, ${READONLY_ROLE}', t.relname);
            execute format('grant select, insert, update, delete on public.%I to ${APP_ROLE}', t.relname);
            execute format('grant select on public.%I to ${READONLY_ROLE}', t.relname);
          end if;
        end loop;
      end $$`,
    values: [],
  };
}

/** Which of the three roles are missing. **Shape**: one row per missing role: its name. */
export function missingRoles(): Statement {
  return {
    name: 'roles_missing',
    text: `
      select r.name
      from unnest(array['${OWNER_ROLE}', '${APP_ROLE}', '${READONLY_ROLE}']) r (name)
      where not exists (select from pg_roles p where p.rolname = r.name)`,
    values: [],
  };
}

/** What the connected user may do beyond serving. **Shape**: one row: superuser, bypass RLS, may act as owner, may act as application. */
export function currentUserRights(): Statement {
  return {
    name: 'roles_current_user_rights',
    text: `
      select u.rolsuper, u.rolbypassrls,
        exists (select from pg_roles o where o.rolname = '${OWNER_ROLE}' and pg_has_role(u.oid, o.oid, 'member')),
        exists (select from pg_roles o where o.rolname = '${APP_ROLE}' and pg_has_role(u.oid, o.oid, 'member'))
      from pg_roles u
      where u.rolname = current_user`,
    values: [],
  };
}

/** Creates a login user that acts as one of the groups, or sets its password. Names and passwords are quoted by the server. */
export function upsertLoginUser(user: {
  name: string;
  password: string;
  role: string;
}): readonly Statement[] {
  return [
    {
      name: 'roles_login_settings',
      text: `
        select set_config('stockroom.login_name', $1, true),
          set_config('stockroom.login_password', $2, true),
          set_config('stockroom.login_role', $3, true)`,
      values: [user.name, user.password, user.role],
    },
    {
      name: 'roles_login_upsert',
      text: `
        do $$
        declare
          login text := current_setting('stockroom.login_name');
        begin
          if not exists (select from pg_roles where rolname = login) then
            execute format('create role %I login', login);
          end if;
          execute format('alter role %I with login password %L', login, current_setting('stockroom.login_password'));
          execute format('grant %I to %I', current_setting('stockroom.login_role'), login);
        end $$`,
      values: [],
    },
  ];
}

/** Whether a database exists. **Shape**: one row when it does. */
export function databaseExists(name: string): Statement {
  return {
    name: 'roles_database_exists',
    text: 'select 1 from pg_database where datname = $1',
    values: [name],
  };
}

/** Creates a database owned by whoever asks. `name` must be a plain identifier of ours: it cannot be bound. */
export function createDatabase(name: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new Error(`not a database name: ${name}`);
  return `create database ${name} template template0 encoding 'UTF8'`;
}

// Any constant does, as long as nothing else of ours uses it.
const PROVISIONING_LOCK = '7163001043';

/** Waits until no other process sets up this server; held until the connection ends. */
export function lockProvisioning(): Statement {
  return {
    name: 'roles_provisioning_lock',
    text: `select pg_advisory_lock(${PROVISIONING_LOCK})`,
    values: [],
  };
}

/** **Shape**: one row: whether all of these login users exist. */
export function loginUsersExist(names: readonly string[]): Statement {
  return {
    name: 'roles_logins_exist',
    text: 'select count(*) = cardinality($1::text[]) from pg_roles where rolname = any($1::text[]) and rolcanlogin',
    values: [names],
  };
}
