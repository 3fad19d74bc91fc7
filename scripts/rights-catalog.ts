import { APP_ROLE, OWNER_ROLE, READONLY_ROLE } from '../src/database/roles.queries.js';
import { OURS, type CatalogSection } from './catalog-section.js';

/** The attributes of the group roles, and what they may do with the database: true of every database, so not statements. */
export const ROLES: CatalogSection = {
  title: 'roles and the database, as comments: made by the roles script',
  query: `
    select format('-- role %s: %s', r.rolname, concat_ws(', ',
      case when r.rolcanlogin then 'login' else 'nologin' end,
      case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypassrls' end,
      case when r.rolcreatedb then 'createdb' end, case when r.rolcreaterole then 'createrole' end,
      case when r.rolreplication then 'replication' end,
      'database: ' || coalesce((
        select string_agg(lower(e.privilege_type), ', ' order by e.privilege_type)
        from pg_database d, aclexplode(d.datacl) e
        where d.datname = current_database() and e.grantee = r.oid
      ), 'nothing')))
    from pg_roles r
    where r.rolname in ('${OWNER_ROLE}', '${APP_ROLE}', '${READONLY_ROLE}')
    order by r.rolname`,
};

/** Grants of one kind of object. Owners are left out: what they may do comes with owning, and grows with the versions. */
function grants(input: { kind: string; objects: string; publicByDefault?: boolean }): string {
  const granted = `
      select o.name, coalesce(r.rolname, 'public') as grantee,
        string_agg(lower(e.privilege_type), ', ' order by e.privilege_type) as privileges, e.is_grantable
      from (${input.objects}) o (name, owner, acl)
      cross join lateral aclexplode(o.acl) e
      left join pg_roles r on r.oid = e.grantee
      where e.grantee <> o.owner
      group by o.name, r.rolname, e.is_grantable`;
  const taken = `
      select format('revoke all on ${input.kind} %s from public;', o.name), o.name, ''
      from (${input.objects}) o (name, owner, acl)
      where not exists (select from aclexplode(o.acl) e where e.grantee = 0)`;
  return `
    select text from (
      select format('grant %s on ${input.kind} %s to %s%s;', privileges, name, grantee,
        case when is_grantable then ' with grant option' else '' end), name, grantee
      from (${granted}) g
      ${input.publicByDefault === true ? `union all ${taken}` : ''}
    ) s (text, name, grantee)
    order by name collate "C", grantee collate "C", text collate "C"`;
}

/** Who owns what, and who may do what with it. */
export const RIGHTS: readonly CatalogSection[] = [
  {
    title: 'owners',
    query: `
      select format('alter %s %s owner to %s;', kind, name, owner::regrole)
      from (
        select 'type', t.oid::regtype::text, t.typowner from pg_type t
          where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'
        union all
        select 'table', c.oid::regclass::text, c.relowner from pg_class c where c.${OURS} and c.relkind = 'r'
        union all
        select 'function', p.oid::regprocedure::text, p.proowner from pg_proc p where p.pronamespace = 'public'::regnamespace
      ) o (kind, name, owner)
      order by kind collate "C", name collate "C"`,
  },
  {
    title: 'grants on the schema',
    query: grants({
      kind: 'schema',
      objects: `select n.nspname, n.nspowner, n.nspacl from pg_namespace n where n.nspname = 'public'`,
    }),
  },
  {
    title: 'grants on types',
    query: grants({
      kind: 'type',
      publicByDefault: true,
      objects: `
        select t.oid::regtype::text, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner)) from pg_type t
        where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'`,
    }),
  },
  {
    title: 'grants on tables',
    query: grants({
      kind: 'table',
      objects: `select c.oid::regclass::text, c.relowner, c.relacl from pg_class c where c.${OURS} and c.relkind = 'r'`,
    }),
  },
  {
    title: 'grants on columns',
    query: `
      select format('grant %s (%s) on table %s to %s;', lower(e.privilege_type),
        string_agg(quote_ident(a.attname), ', ' order by a.attnum), c.oid::regclass, coalesce(r.rolname, 'public'))
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
      cross join lateral aclexplode(a.attacl) e
      left join pg_roles r on r.oid = e.grantee
      where c.${OURS}
      group by c.oid, e.privilege_type, r.rolname
      order by c.relname, r.rolname, e.privilege_type`,
  },
  {
    title: 'grants on sequences',
    query: grants({
      kind: 'sequence',
      objects: `select c.oid::regclass::text, c.relowner, c.relacl from pg_class c where c.${OURS} and c.relkind = 'S'`,
    }),
  },
  {
    title: 'grants on functions',
    query: grants({
      kind: 'function',
      publicByDefault: true,
      objects: `
        select p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_proc p
        where p.pronamespace = 'public'::regnamespace`,
    }),
  },
  {
    title: 'default privileges',
    query: `
      select format('alter default privileges for role %s%s grant %s on %s to %s;', d.defaclrole::regrole,
        ' in schema ' || nullif(d.defaclnamespace, 0)::regnamespace,
        string_agg(lower(e.privilege_type), ', ' order by e.privilege_type), k.name, coalesce(r.rolname, 'public'))
      from pg_default_acl d
      join (values ('r', 'tables'), ('S', 'sequences'), ('f', 'functions'), ('T', 'types'), ('n', 'schemas')) k (type, name)
        on k.type = d.defaclobjtype::text
      cross join lateral aclexplode(d.defaclacl) e
      left join pg_roles r on r.oid = e.grantee
      group by d.defaclrole, d.defaclnamespace, k.name, r.rolname
      order by k.name, r.rolname`,
  },
];
