import { Migration } from '@mikro-orm/migrations';

/**
 * What happened to accounts, sessions and secrets. The application adds and reads; it can change and remove nothing, and the time
 * of an event is the database's: the column is not among those that the application may write. No foreign keys: an event outlives
 * the person and the session that it names.
 *
 * The trigger says the same once more, for the day on which somebody grants too much; who may act as the owner passes, because
 * old events have to be removed some day.
 */
export class CreateAuditEvents extends Migration {
  override up(): void {
    this.addSql(`
      create table audit_events (
        id uuid not null,
        created_at timestamptz not null default now(),
        action text not null,
        outcome text not null,
        user_id uuid,
        session_id uuid,
        target_type text,
        target_id text,
        address text,
        user_agent text,
        request_id text,
        details jsonb,
        constraint audit_events_pkey primary key (id),
        constraint audit_events_action_check check (length(action) >= 1 and length(action) <= 64),
        constraint audit_events_outcome_check check (outcome in ('success', 'failure', 'refused')),
        constraint audit_events_target_check check (
          (target_type is null) = (target_id is null) and length(target_type) <= 32 and length(target_id) <= 256
        ),
        constraint audit_events_address_check check (length(address) <= 64),
        constraint audit_events_user_agent_check check (length(user_agent) <= 512),
        constraint audit_events_request_id_check check (length(request_id) <= 128),
        constraint audit_events_details_check check (length(details::text) <= 4096)
      )`);
    this.addSql(`create index audit_events_created_at_idx on audit_events (created_at, id)`);
    this.addSql(`create index audit_events_user_id_idx on audit_events (user_id, created_at, id)`);
    this.addSql(`create index audit_events_action_idx on audit_events (action, created_at, id)`);
    this.addSql(`revoke insert, update, delete on audit_events from stockroom_app`);
    this.addSql(`
      grant insert (id, action, outcome, user_id, session_id, target_type, target_id, address, user_agent, request_id, details)
      on audit_events to stockroom_app`);
    // Reports count events; where people are, and with what, is none of their business.
    this.addSql(`revoke select on audit_events from stockroom_readonly`);
    this.addSql(`
      grant select (id, created_at, action, outcome, user_id, session_id, target_type, target_id, request_id, details)
      on audit_events to stockroom_readonly`);
    this.addSql(`
      create function audit_events_refuse_change() returns trigger language plpgsql as $$
      begin
        if not pg_has_role(current_user, 'stockroom_owner', 'member') then
          raise insufficient_privilege using
            message = 'events of the audit log are never changed or removed', table = 'audit_events';
        end if;
        return null;
      end $$`);
    this.addSql(`
      create trigger audit_events_append_only before update or delete or truncate on audit_events
      for each statement execute function audit_events_refuse_change()`);
  }

  override down(): void {
    this.addSql(`drop table audit_events`);
    this.addSql(`drop function audit_events_refuse_change()`);
  }
}
