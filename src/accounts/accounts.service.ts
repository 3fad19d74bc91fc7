import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { DomainError } from '../common/errors.js';
import type { Page } from '../common/pagination.js';
import { NOBODY, UnitOfWork } from '../database/unit-of-work.service.js';
import { RecentSignInRequired } from '../sessions/sessions.errors.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { ChangePasswordService, type PasswordChange } from '../users/change-password.service.js';
import { ChangeUserService } from '../users/change-user.service.js';
import { LastSuperAdmin, RoleTooLow } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import type { AccountActor, ListUsers, TaggedUser, UserChange, UserChanges } from '../users/users.types.js';
import type { ListedUser } from './accounts.types.js';
import { namesLogin, requireRecentSignIn } from './acting/actor.js';

/** What is done to people and to their sessions together, each in one transaction. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UsersService,
    private readonly changes: ChangeUserService,
    private readonly passwords: ChangePasswordService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * A page of people, with their live sessions if asked for: by one statement more, however many people there are.
   *
   * **Errors**: `InvalidCursor`.
   */
  async list(query: ListUsers, sessions: { readonly currentId: string } | null): Promise<Page<ListedUser>> {
    const page = await this.users.list(query);
    if (sessions === null) return page;
    const ids = page.data.map(({ id }) => id);
    const live = await this.sessions.liveOf(ids, sessions.currentId);
    return { ...page, data: page.data.map((user) => ({ ...user, sessions: live.get(user.id) ?? [] })) };
  }

  /**
   * Changes a person; whoever is not active any more is signed out everywhere.
   *
   * **Errors**: `RecentSignInRequired` for an own email or username; as `ChangeUserService.update`.
   */
  async update(change: UserChange, changes: UserChanges): Promise<TaggedUser> {
    const { actor, targetId } = change;
    return this.notingRefusals(actor, targetId, async () => {
      // Who signs in by another email or username than the owner knows has taken the account: a stolen token must not be enough.
      const isOwnLogin = actor.userId === targetId && namesLogin(changes);
      if (isOwnLogin) requireRecentSignIn(actor);
      return this.unitOfWork.run(NOBODY, async (em) => {
        const { user, etag, deactivated } = await this.changes.update(em, change, changes);
        if (deactivated) await this.sessions.endAllOf(em, user.id);
        return { user, etag };
      });
    });
  }

  /** Makes a person inactive and signs them out everywhere. Doing it again changes nothing. **Errors**: as {@link update}. */
  async deactivate(change: UserChange): Promise<void> {
    await this.notingRefusals(change.actor, change.targetId, async () =>
      this.unitOfWork.run(NOBODY, async (em) => {
        const { user, deactivated } = await this.changes.deactivate(em, change);
        if (deactivated) await this.sessions.endAllOf(em, user.id);
      }),
    );
  }

  /** Removes a person for good. Their sessions go with them. **Errors**: `RecentSignInRequired`; as `ChangeUserService.erase`. */
  async erase(change: UserChange): Promise<void> {
    await this.notingRefusals(change.actor, change.targetId, async () => {
      requireRecentSignIn(change.actor);
      await this.unitOfWork.run(NOBODY, async (em) => this.changes.erase(em, change));
    });
  }

  /** Signs a person out everywhere. **Errors**: `UserNotFound`, `RoleTooLow`. */
  async endSessions(by: AccountActor, targetId: string): Promise<void> {
    const { userId, sessionId, origin } = by;
    const target = { type: 'user', id: targetId } as const;
    await this.notingRefusals(by, targetId, async () =>
      this.unitOfWork.run(NOBODY, async (em) => {
        await this.changes.requireAuthorityOver(em, by, targetId);
        const ended = await this.sessions.endAllOf(em, targetId);
        const happened = { action: 'session.ended', outcome: 'success' } as const;
        this.audit.record(em, { ...happened, userId, sessionId, origin, target, details: { ended } });
      }),
    );
  }

  /** Changes one's own password; every other session ends. **Errors**: as `ChangePasswordService.prepare`. */
  async changePassword(by: AccountActor, change: PasswordChange): Promise<void> {
    const prepared = await this.passwords.prepare(by, change);
    await this.unitOfWork.run(NOBODY, async (em) => {
      await this.passwords.store(em, prepared, by);
      await this.sessions.endAllOf(em, by.userId, by.sessionId ?? undefined);
    });
  }

  /** Gives a person a password that whoever runs the service chose; every session ends. **Errors**: as `prepareReset`. */
  async resetPassword(userId: string, newPassword: string): Promise<void> {
    const prepared = await this.passwords.prepareReset(userId, newPassword);
    await this.unitOfWork.run(NOBODY, async (em) => {
      await this.passwords.store(em, prepared, null);
      await this.sessions.endAllOf(em, userId);
    });
  }

  /** Writes to the audit log what the rules refused. **Why** here: the transaction in which they did is rolled back. */
  private async notingRefusals<T>(by: AccountActor, targetId: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error)) {
        const { userId, sessionId, origin } = by;
        const target = { type: 'user', id: targetId } as const;
        const refused = { action: 'access.refused', outcome: 'refused' } as const;
        const details = { code: error.code };
        await this.audit.note({ ...refused, userId, sessionId, origin, target, details });
      }
      throw error;
    }
  }
}

/** Whether an error says that somebody may not do what they tried, and not that they tried it wrongly. */
function isRefusal(error: unknown): error is DomainError {
  return (
    error instanceof RoleTooLow || error instanceof LastSuperAdmin || error instanceof RecentSignInRequired
  );
}
