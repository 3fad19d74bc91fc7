import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { RequestOrigin } from '../common/request-origin.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { UnitOfWork } from '../database/unit-of-work.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { NewSession, OpenedSession } from '../sessions/sessions.types.js';
import type { NewAccount } from '../users/account-fields.types.js';
import { UsersService } from '../users/users.service.js';
import type { TaggedUser } from '../users/users.types.js';
import { RegistrationDisabled } from './accounts.errors.js';

/** Somebody who wants an account. */
export interface Registration {
  readonly account: NewAccount;
  /** Whether to sign in as well. */
  readonly withSession: boolean;
  /** The id that a visitor made; what they had becomes the account's if a session is opened. */
  readonly visitorId: string | null;
  readonly origin: RequestOrigin;
  /** Tokens that came with the request: the session, if one is opened, takes the place of theirs. */
  readonly shown?: NewSession['shown'];
}

/** What a registration made. **Shape**: `session` null when none was asked for. */
export interface Registered extends TaggedUser {
  readonly session: OpenedSession | null;
}

/** From a stranger to an account, and to a session if they like, in one transaction. */
@Injectable()
export class RegisterAccountService {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Registers a USER.
   *
   * **Errors**: `RegistrationDisabled`, `PasswordTooCommon`, `PasswordsBusy`, `EmailTaken`, `UsernameTaken`.
   */
  async register({ account, withSession, visitorId, origin, shown = [] }: Registration): Promise<Registered> {
    if (!this.settings.accounts.registrationEnabled) throw new RegistrationDisabled();
    const user = await this.users.prepare(account);
    const userId = user.id;
    const visitor = withSession ? await this.sessions.visitorToClaim(visitorId, origin) : null;
    return this.unitOfWork.run({ userId, visitorId: visitor }, async (em) => {
      const registered = await this.users.register(em, user, {
        userId,
        sessionId: null,
        recentlyAuthenticated: true,
        origin,
      });
      if (!withSession) return { ...registered, session: null };
      const session = await this.sessions.open(em, { userId, origin, visitorId: visitor, shown });
      this.audit.record(em, {
        action: 'session.signed-in',
        outcome: 'success',
        userId,
        sessionId: session.id,
        origin,
      });
      return { ...registered, session };
    });
  }
}
