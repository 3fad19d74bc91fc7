import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { AuditAction, AuditEntry } from '../audit/audit.types.js';
import { etagOf, requireMatch } from '../common/etag.js';
import { isAdministrator, mayChange, mayGrant } from './rules/authority.js';
import { tagged } from './user-view.format.js';
import type { User } from './user.entity.js';
import { UserRepository } from './user.repository.js';
import { LastSuperAdmin, RoleTooLow, UserNotFound } from './users.errors.js';
import type { AccountActor, TaggedUser, UserChange, UserChanges, UserRole } from './users.types.js';

/** What a change did. **Shape**: `deactivated` when the person was active before and is not any more. */
export interface ChangedUser extends TaggedUser {
  readonly deactivated: boolean;
}

/** Actor and target of a change, their rows locked, and how many SUPER_ADMINs could still be removed. */
interface LockedPair {
  readonly actor: User;
  readonly target: User;
  readonly isLastSuperAdmin: boolean;
}

const BESIDE_OR_ABOVE = 'Your role may not change this person.';

/**
 * Changes people, inside a unit of work of the caller, who then ends sessions as needed.
 *
 * **Why** the actor is read again under a lock: of two administrators who demote each other at once, the second has lost the role by
 * the time that their turn comes.
 */
@Injectable()
export class ChangeUserService {
  constructor(
    private readonly users: UserRepository,
    private readonly audit: AuditService,
  ) {}

  /**
   * Changes a person. What is said already changes nothing, not even the ETag.
   *
   * **Errors**: `UserNotFound`, `RoleTooLow`, `StaleResource`, `LastSuperAdmin`, `EmailTaken`, `UsernameTaken`.
   */
  async update(em: EntityManager, change: UserChange, changes: UserChanges): Promise<ChangedUser> {
    const isPlain = changes.role === undefined && changes.isActive === undefined;
    const own = isPlain ? await this.lockOneself(em, change) : null;
    const pair = own ?? (await this.lock(em, change.actor, change.targetId));
    requireAuthority(pair.actor, pair.target, changes);
    return this.apply(em, { pair, change, changes });
  }

  /** Makes a person inactive; everybody may do that to themselves. **Errors**: as {@link update}. */
  async deactivate(em: EntityManager, change: UserChange): Promise<ChangedUser> {
    const pair = await this.lock(em, change.actor, change.targetId);
    requireAuthority(pair.actor, pair.target, {});
    return this.apply(em, { pair, change, changes: { isActive: false } });
  }

  /**
   * Removes a person for good, with every row that is theirs alone. What names them by id, in the audit log and at revisions, keeps
   * the bare id.
   *
   * **Errors**: `UserNotFound`, `RoleTooLow`, `StaleResource`, `LastSuperAdmin`.
   */
  async erase(em: EntityManager, { actor: by, targetId, ifMatch }: UserChange): Promise<void> {
    const { actor, target, isLastSuperAdmin } = await this.lock(em, by, targetId);
    requireAuthority(actor, target, {});
    requireMatch(ifMatch, etagOf(target.version));
    if (isLastSuperAdmin) throw new LastSuperAdmin();
    await this.users.remove(em, target);
    this.audit.record(em, { action: 'user.erased', outcome: 'success', ...byWhom(by, targetId) });
  }

  /** Lets somebody do things to a person's sessions. **Errors**: `UserNotFound`, `RoleTooLow`. */
  async requireAuthorityOver(em: EntityManager, by: AccountActor, targetId: string): Promise<void> {
    const { actor, target } = await this.lock(em, by, targetId);
    requireAuthority(actor, target, {});
  }

  private async apply(
    em: EntityManager,
    { pair, change, changes }: { pair: LockedPair; change: UserChange; changes: UserChanges },
  ): Promise<ChangedUser> {
    const { actor: by, targetId, ifMatch } = change;
    const { target, isLastSuperAdmin } = pair;
    requireMatch(ifMatch, etagOf(target.version));
    const { email, username, role, isActive } = target;
    const before = { email, username, role, isActive };
    const after = { ...before, ...definedMembers(changes) };
    if (isLastSuperAdmin && (after.role !== 'SUPER_ADMIN' || !after.isActive)) throw new LastSuperAdmin();
    Object.assign(target, after);
    await this.users.save(em, target);
    for (const entry of happened(before, after)) this.audit.record(em, { ...entry, ...byWhom(by, targetId) });
    return { ...tagged(target), deactivated: before.isActive && !after.isActive };
  }

  /** Who changes their own email or username keeps nobody else waiting. **Shape**: null for a change of somebody else. */
  private async lockOneself(em: EntityManager, { actor, targetId }: UserChange): Promise<LockedPair | null> {
    if (actor.userId !== targetId) return null;
    const target = (await this.users.lock(em, [targetId])).get(targetId);
    if (target === undefined) throw new UserNotFound();
    return { actor: target, target, isLastSuperAdmin: false };
  }

  /**
   * **Why** the SUPER_ADMINs are locked first, whoever is changed: all who need more than one row then take them in one order, and no
   * two wait for each other. There are few of them, and people are changed seldom.
   */
  private async lock(em: EntityManager, by: AccountActor, targetId: string): Promise<LockedPair> {
    const superAdmins = await this.users.lockSuperAdmins(em);
    const people = await this.users.lock(em, [by.userId, targetId]);
    const target = people.get(targetId);
    const actor = people.get(by.userId);
    if (target === undefined) throw new UserNotFound();
    if (actor?.isActive !== true) throw new RoleTooLow(BESIDE_OR_ABOVE);
    return { actor, target, isLastSuperAdmin: superAdmins.length === 1 && superAdmins[0] === targetId };
  }
}

function requireAuthority(actor: User, target: User, changes: UserChanges): void {
  if (!mayChange(actor, target)) throw new RoleTooLow(BESIDE_OR_ABOVE);
  const { role, isActive } = changes;
  if ((role !== undefined || isActive !== undefined) && !isAdministrator(actor))
    throw new RoleTooLow('Your role may not change roles, nor who is active.');
  if (role !== undefined && !mayGrant(actor, role))
    throw new RoleTooLow('Nobody can give a role above their own.');
}

interface UserState {
  readonly email: string;
  readonly username: string;
  readonly role: UserRole;
  readonly isActive: boolean;
}

/** The events of a change. **Why** names of members and not their values: the log keeps no email and no name. */
function happened(before: UserState, after: UserState): Pick<AuditEntry, 'action' | 'outcome' | 'details'>[] {
  const names = (['email', 'username'] as const).filter((name) => before[name] !== after[name]);
  const entry = (action: AuditAction, details: Readonly<Record<string, unknown>> = {}) =>
    ({ action, outcome: 'success', details }) as const;
  return [
    ...(names.length > 0 ? [entry('user.changed', { changed: names })] : []),
    ...(before.role === after.role
      ? []
      : [entry('user.role-changed', { from: before.role, to: after.role })]),
    ...(before.isActive && !after.isActive ? [entry('user.deactivated')] : []),
    ...(!before.isActive && after.isActive ? [entry('user.reactivated')] : []),
  ];
}

function byWhom({ userId, sessionId, origin }: AccountActor, targetId: string) {
  return { userId, sessionId, origin, target: { type: 'user', id: targetId } } as const;
}

function definedMembers(changes: UserChanges): Partial<UserState> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
