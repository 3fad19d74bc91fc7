import type { RequestOrigin } from '../common/request-origin.js';

/** Everything that is written to the audit log. Documented one by one in `docs/operations.md`. */
export const AUDIT_ACTIONS = [
  'session.signed-in',
  'session.signed-out',
  'session.rotated',
  'session.ended',
  'visitor.claimed',
  'user.registered',
  'user.changed',
  'user.role-changed',
  'user.deactivated',
  'user.reactivated',
  'user.erased',
  'user.password-changed',
  'credential.stored',
  'credential.removed',
  'credential.revealed',
  'keys.rotated',
  'keys.retired',
  'access.refused',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Whether it happened, was tried and failed, or was refused by a rule. */
export const AUDIT_OUTCOMES = ['success', 'failure', 'refused'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** One event to write. **Shape**: `userId` is who did it, null for nobody known; `target` is what it was done to. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly outcome: AuditOutcome;
  readonly userId: string | null;
  readonly sessionId?: string | null;
  readonly target?: {
    readonly type: 'user' | 'session' | 'credential' | 'key' | 'route';
    readonly id: string;
  };
  /** Null for what the command line did. */
  readonly origin: RequestOrigin | null;
  /** Small and free of secrets, e-mail addresses and names. */
  readonly details?: Readonly<Record<string, unknown>>;
}
