import { raw } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '../common/request-origin.js';
import { sha256 } from '../encryption/secrets.js';
import type { SessionToken } from './credentials/session-token.js';
import { Session } from './session.entity.js';
import { storedAddress } from './credentials/stored-address.js';
import type { VisitorClaim } from './sessions.types.js';

/** What a stored session of a person is made of. */
export interface StoredSession {
  readonly id: string;
  readonly userId: string;
  readonly tokenHash: Buffer;
  readonly origin: RequestOrigin;
  readonly idleSeconds: number;
  readonly lifetimeSeconds: number;
}

const now = (): Date => raw<Date>('now()');
const inSeconds = (seconds: number): Date => raw<Date>('now() + make_interval(secs => ?)', [seconds]);

/** Writes sessions inside a unit of work that the caller has begun. */
@Injectable()
export class SessionRepository {
  /** Stores a session and gives it back with the instants that the database chose. */
  async add(em: EntityManager, session: StoredSession): Promise<Session> {
    const { id, userId, tokenHash, origin, idleSeconds, lifetimeSeconds } = session;
    const created = em.create(
      Session,
      { id, user: userId, tokenHash, userAgent: origin.userAgent, address: storedAddress(origin.address) },
      { partial: true },
    );
    // Not given to `create`, which would read them as dates.
    created.authenticatedAt = now();
    created.idleExpiresAt = inSeconds(Math.min(idleSeconds, lifetimeSeconds));
    created.expiresAt = inSeconds(lifetimeSeconds);
    await em.persist(created).flush();
    // What the database made of the expressions; the ORM does not ask for it by itself.
    await em.refresh(created);
    return created;
  }

  /** A live session of a person by its id, as the entity manager knows it; null when it ended. */
  async findLive(em: EntityManager, id: string): Promise<Session | null> {
    return em.findOne(Session, { id, revokedAt: null, idleExpiresAt: { $gt: now() } }, { refresh: true });
  }

  /** Replaces the token of a live session, if it is still the one that was shown. **Shape**: false when it is not. */
  async replaceToken(
    em: EntityManager,
    change: { readonly id: string; readonly from: Buffer; readonly to: Buffer },
  ): Promise<boolean> {
    const count = await em.nativeUpdate(
      Session,
      { id: change.id, tokenHash: change.from, revokedAt: null, idleExpiresAt: { $gt: now() } },
      { tokenHash: change.to },
    );
    return count === 1;
  }

  /** Ends the live session of a token, whoever's it is. **Shape**: false when there is none, or the secret is another. */
  async endShown(em: EntityManager, { id, secret }: SessionToken): Promise<boolean> {
    const live = {
      id,
      tokenHash: sha256(secret),
      user: { $ne: null },
      revokedAt: null,
      idleExpiresAt: { $gt: now() },
    };
    return (await em.nativeUpdate(Session, live, { revokedAt: now() })) === 1;
  }

  /** Ends one live session of a person. **Shape**: false when there is none of theirs. */
  async end(em: EntityManager, id: string, userId: string): Promise<boolean> {
    const live = { id, user: userId, revokedAt: null, idleExpiresAt: { $gt: now() } };
    return (await em.nativeUpdate(Session, live, { revokedAt: now() })) === 1;
  }

  /** Ends the live session of a visitor. **Shape**: false when it ended before. */
  async endVisitor(em: EntityManager, id: string): Promise<boolean> {
    const live = { id, user: null, revokedAt: null, idleExpiresAt: { $gt: now() } };
    return (await em.nativeUpdate(Session, live, { revokedAt: now() })) === 1;
  }

  /** Ends every live session of a person but one. **Shape**: how many. */
  async endAll(em: EntityManager, userId: string, exceptId: string | null): Promise<number> {
    const live = { user: userId, revokedAt: null, idleExpiresAt: { $gt: now() } };
    const others = exceptId === null ? live : { ...live, id: { $ne: exceptId } };
    return em.nativeUpdate(Session, others, { revokedAt: now() });
  }

  /** Ends the oldest live sessions of a person beyond the newest `kept`. Of sign-ins at the same time the next one ends what is left. */
  async endOldest(em: EntityManager, userId: string, kept: number): Promise<void> {
    const live = { user: userId, revokedAt: null, idleExpiresAt: { $gt: now() } };
    const newestFirst = { id: 'desc' } as const;
    const old = await em.find(Session, live, {
      fields: ['id'],
      orderBy: newestFirst,
      offset: kept,
      limit: kept,
    });
    if (old.length === 0) return;
    await em.nativeUpdate(Session, { ...live, id: { $in: old.map(({ id }) => id) } }, { revokedAt: now() });
  }

  /**
   * Ends a visitor's session for the account that takes it over, and forgets where it came from: the row outlives the account.
   *
   * **Shape**: false when it ended before, or was taken over already.
   */
  async claim(em: EntityManager, { visitorId, userId }: VisitorClaim): Promise<boolean> {
    const live = { id: visitorId, user: null, revokedAt: null, idleExpiresAt: { $gt: now() } };
    const claimed = { revokedAt: now(), claimedBy: userId, address: null, userAgent: null };
    return (await em.nativeUpdate(Session, live, claimed)) === 1;
  }
}
