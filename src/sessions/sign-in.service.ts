import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { RequestOrigin } from '../common/request-origin.js';
import { UnitOfWork } from '../database/unit-of-work.service.js';
import { GuessLimitService } from '../rate-limits/guess-limit.service.js';
import { UsersService } from '../users/users.service.js';
import type { SessionToken } from './credentials/session-token.js';
import { SignInFailed } from './sessions.errors.js';
import { SessionsService } from './sessions.service.js';
import type { OpenedSession } from './sessions.types.js';

/** Who wants in. */
export interface SignIn {
  /** Email or username. */
  readonly login: string;
  readonly password: string;
  /** The id that a visitor made. */
  readonly visitorId: string | null;
  readonly origin: RequestOrigin;
  /** Tokens that came with the request, of sessions that the new one replaces. */
  readonly shown?: readonly SessionToken[];
}

/** From a login and a password to a session. */
@Injectable()
export class SignInService {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly guesses: GuessLimitService,
  ) {}

  /**
   * Opens a session. **Errors**: `SignInFailed`, in the same time whatever was wrong; `TooManyAttempts`; trouble of the database.
   */
  async signIn({ login, password, visitorId, origin, shown = [] }: SignIn): Promise<OpenedSession> {
    const known = await this.users.lookUp(login);
    // One budget for an account, by whatever name it is called and wherever its password is asked for.
    const account = known.userId === null ? { login } : { userId: known.userId };
    const guess = { account, address: origin.address };
    await this.guesses.admit(guess);
    const person = await this.users.authenticate(known, password);
    if (person === null) return this.fail(known.userId, origin);
    await this.guesses.succeeded(guess);
    const { id: userId } = person;
    const visitor = await this.sessions.visitorToClaim(visitorId, origin);
    const opened = await this.unitOfWork.run({ userId, visitorId: visitor }, async (em) => {
      if (!(await this.users.confirm(em, person))) return null;
      const session = await this.sessions.open(em, { userId, origin, visitorId: visitor, shown });
      this.audit.record(em, {
        action: 'session.signed-in',
        outcome: 'success',
        userId,
        sessionId: session.id,
        origin,
      });
      return session;
    });
    return opened ?? this.fail(userId, origin);
  }

  /** **Why** the account is the target: who typed a wrong password is, as far as anybody knows, somebody else. */
  private async fail(userId: string | null, origin: RequestOrigin): Promise<never> {
    const target = userId === null ? {} : { target: { type: 'user', id: userId } as const };
    await this.audit.note({
      action: 'session.signed-in',
      outcome: 'failure',
      userId: null,
      origin,
      ...target,
    });
    throw new SignInFailed();
  }
}
