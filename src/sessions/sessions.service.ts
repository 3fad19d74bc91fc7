import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../audit/audit.service.js';
import type { RequestOrigin } from '../common/request-origin.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { SqlService } from '../database/sql.service.js';
import { SessionRepository } from './session.repository.js';
import { makeToken, type SessionToken } from './credentials/session-token.js';
import { sessionView } from './session-view.format.js';
import { countLiveSessions, liveSessionIds, liveSessionsOf } from './sessions.queries.js';
import type { NewSession, OpenedSession, SessionView } from './sessions.types.js';
import { VisitorClaims } from './visitor-claims.service.js';
import { VisitorsService } from './visitors.service.js';

/** How many sessions of one person are embedded in a list of people; the newest. */
const EMBEDDED_SESSIONS = 50;
/** Live sessions of one person; one more ends the oldest. Enough for every machine, few enough that a script that never signs out fills nothing. */
const MAX_SESSIONS = 100;

/** Sessions, for features that open or end them inside their own unit of work. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly claims: VisitorClaims,
    private readonly visitors: VisitorsService,
    private readonly audit: AuditService,
    private readonly sql: SqlService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Opens a session inside a unit of work, ends those whose tokens were shown, and moves to the account what the visitor had.
   *
   * **Shape**: the only time that the token is known; it is always a new one. No token or id that came with the sign-in is worth
   * anything after it, so that whoever knew one of them before learns nothing of what follows.
   *
   * The unit of work must be `run({ userId, visitorId }, …)`, and the person one who may sign in.
   */
  async open(
    em: EntityManager,
    { userId, origin, visitorId, shown = [] }: NewSession,
  ): Promise<OpenedSession> {
    const { idleSeconds, lifetimeSeconds } = this.settings.sessions;
    const id = uuidv7();
    const { token, hash: tokenHash } = makeToken(id);
    const session = { id, userId, tokenHash, origin, idleSeconds, lifetimeSeconds };
    const { expiresAt, idleExpiresAt } = await this.sessions.add(em, session);
    await this.sessions.endOldest(em, userId, MAX_SESSIONS);
    for (const token of shown) await this.replace(em, token, { userId, sessionId: id, origin });
    if (visitorId !== null && (await this.sessions.claim(em, { visitorId, userId }))) {
      await this.claims.move(em, { visitorId, userId });
      const target = { type: 'session', id: visitorId } as const;
      this.audit.record(em, {
        action: 'visitor.claimed',
        outcome: 'success',
        userId,
        sessionId: id,
        target,
        origin,
      });
    }
    return { id, token, userId, expiresAt, idleExpiresAt };
  }

  /** Ends a session for the one that takes its place. */
  private async replace(
    em: EntityManager,
    token: SessionToken,
    by: { readonly userId: string; readonly sessionId: string; readonly origin: RequestOrigin },
  ): Promise<void> {
    if (!(await this.sessions.endShown(em, token))) return;
    const target = { type: 'session', id: token.id } as const;
    this.audit.record(em, { action: 'session.ended', outcome: 'success', ...by, target });
  }

  /**
   * The session row of the visitor that signs in, for `open` and for the unit of work around it. **Shape**: null when there is
   * none, or none that is live: signing in again after an answer was lost finds it taken over, and that is fine.
   */
  async visitorToClaim(visitorId: string | null, origin: RequestOrigin): Promise<string | null> {
    return visitorId === null ? null : this.visitors.sessionOf(visitorId, origin);
  }

  /** Ends every live session of a person, or all but one, inside a unit of work. **Shape**: how many. */
  async endAllOf(em: EntityManager, userId: string, exceptSessionId?: string): Promise<number> {
    return this.sessions.endAll(em, userId, exceptSessionId ?? null);
  }

  /**
   * Those of these sessions that are live, each with the hash of its credential: for answers that go on after their request was let
   * through. Another hash than at their beginning says that the session was rotated, and the token that they began with is dead.
   */
  async liveAmong(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.sql.read(liveSessionIds(ids));
    return new Map(rows.map(([id, hash]) => [id as string, hash as string]));
  }

  /** How many sessions are live, the first `most` of them: counting more would cost what nobody asked for. */
  async countLive(most: number): Promise<{ readonly people: number; readonly visitors: number }> {
    const row = await this.sql.readOne(countLiveSessions(most));
    return { people: Number(row?.[0]), visitors: Number(row?.[1]) };
  }

  /**
   * Live sessions of many people, by one statement. **Shape**: an entry for each id, newest session first, at most 50 of each
   * person. `currentId` is the session of whoever asks.
   */
  async liveOf(
    userIds: readonly string[],
    currentId?: string,
  ): Promise<ReadonlyMap<string, readonly SessionView[]>> {
    const views = new Map<string, SessionView[]>(userIds.map((id) => [id, []]));
    if (userIds.length === 0) return views;
    for (const [userId, ...view] of await this.sql.read(liveSessionsOf(userIds, EMBEDDED_SESSIONS))) {
      views.get(userId as string)?.push(sessionView(view, currentId ?? null));
    }
    return views;
  }
}
