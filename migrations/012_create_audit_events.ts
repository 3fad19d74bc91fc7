import { Migration } from '@mikro-orm/migrations';

/**
 * What happened to accounts, sessions and secrets. The application adds and reads; it can change and remove nothing. No foreign
 * keys: an event outlives the person and the session that it names.
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
        constraint audit_events_user_agent_check check (length(user_agent) <= 512)
      )`);
    this.addSql(`create index audit_events_user_id_id_idx on audit_events (user_id, id)`);
    this.addSql(`create index audit_events_action_id_idx on audit_events (action, id)`);
    this.addSql(`revoke update, delete on audit_events from stockroom_app`);
  }

  override down(): void {
    this.addSql(`drop table audit_events`);
  }
}
