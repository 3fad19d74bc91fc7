import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { AuditAction } from '../audit/audit.types.js';
import { makeCursor, readCursor, type Page } from '../common/pagination.js';
import type { Principal, SignedIn } from '../common/principal.js';
import type { RequestOrigin } from '../common/request-origin.js';
import { SqlService } from '../database/sql.service.js';
import { UnitOfWork } from '../database/unit-of-work.service.js';
import { sha256 } from '../encryption/secrets.js';
import { SignerService } from '../encryption/signer.service.js';
import { SessionRepository } from './session.repository.js';
import { makeToken, type SessionToken } from './credentials/session-token.js';
import { sessionView } from './session-view.format.js';
import { SessionNotFound, Unauthenticated } from './sessions.errors.js';
import { sessionById, sessionPage } from './sessions.queries.js';
import type { CurrentSession, OpenedSession, SessionView } from './sessions.types.js';

/** What people do with sessions that are theirs. */
@Injectable()
export class OwnSessionsService {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly sql: SqlService,
    private readonly signer: SignerService,
  ) {}

  /** A page of one's live sessions, newest first. **Errors**: `InvalidCursor`. */
  async list(
    user: SignedIn,
    query: { readonly limit: number; readonly cursor: string | undefined },
  ): Promise<Page<SessionView>> {
    const scope = ['sessions', user.userId];
    const [after] = readCursor(this.signer, scope, query.cursor) ?? [null];
    const page = { userId: user.userId, after: after as string | null, limit: query.limit };
    const rows = await this.sql.read(sessionPage(page));
    const data = rows.slice(0, query.limit).map((row) => sessionView(row, user.sessionId));
    const last = rows.length > query.limit ? data.at(-1)?.id : undefined;
    return { data, nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last]) };
  }

  /** Who asks, a visitor too. **Errors**: `Unauthenticated` when the session ended since it was looked up. */
  async current({ sessionId, userId, role }: Principal): Promise<CurrentSession> {
    const row = await this.sql.readOne(sessionById(sessionId));
    if (row === null) throw new Unauthenticated();
    const idleExpiresAt = row[6] as string;
    return { ...sessionView(row, sessionId), userId, role, idleExpiresAt };
  }

  /**
   * A new token for the session that asks; the one shown stops working with the commit. Expiry and the time of the sign-in stay.
   *
   * **Errors**: `Unauthenticated` when the token was replaced meanwhile: of two rotations at once one wins.
   */
  async rotate(user: SignedIn, shown: SessionToken, origin: RequestOrigin): Promise<OpenedSession> {
    const { userId, sessionId: id } = user;
    return this.unitOfWork.run({ userId }, async (em) => {
      const { token, hash } = makeToken(id);
      if (!(await this.sessions.replaceToken(em, { id, from: sha256(shown.secret), to: hash })))
        throw new Unauthenticated();
      const session = await this.sessions.findLive(em, id);
      if (session === null) throw new Unauthenticated();
      this.audit.record(em, { action: 'session.rotated', outcome: 'success', userId, sessionId: id, origin });
      return { id, token, userId, expiresAt: session.expiresAt, idleExpiresAt: session.idleExpiresAt };
    });
  }

  /** Signs out, a visitor too: their id is worthless afterwards. */
  async signOut(who: Principal, origin: RequestOrigin): Promise<void> {
    const { userId, sessionId } = who;
    await this.unitOfWork.run({ userId }, async (em) => {
      const ended =
        userId === null
          ? await this.sessions.endVisitor(em, sessionId)
          : await this.sessions.end(em, sessionId, userId);
      if (ended)
        this.audit.record(em, {
          action: 'session.signed-out',
          outcome: 'success',
          userId,
          sessionId,
          origin,
        });
    });
  }

  /** Ends one of one's own sessions. **Errors**: `SessionNotFound`, for somebody else's too. */
  async end(user: SignedIn, id: string, origin: RequestOrigin): Promise<void> {
    const { userId, sessionId } = user;
    await this.unitOfWork.run({ userId }, async (em) => {
      if (!(await this.sessions.end(em, id, userId))) throw new SessionNotFound();
      const action: AuditAction = id === sessionId ? 'session.signed-out' : 'session.ended';
      const target = { type: 'session', id } as const;
      this.audit.record(em, { action, outcome: 'success', userId, sessionId, target, origin });
    });
  }

  /** Ends all of one's sessions but the one that asks. */
  async endOthers(user: SignedIn, origin: RequestOrigin): Promise<void> {
    const { userId, sessionId } = user;
    await this.unitOfWork.run({ userId }, async (em) => {
      const ended = await this.sessions.endAll(em, userId, sessionId);
      if (ended === 0) return;
      const target = { type: 'user', id: userId } as const;
      const details = { ended };
      this.audit.record(em, {
        action: 'session.ended',
        outcome: 'success',
        userId,
        sessionId,
        target,
        origin,
        details,
      });
    });
  }
}
