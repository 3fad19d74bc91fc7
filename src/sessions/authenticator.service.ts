import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal, Role, SignedIn } from '../common/principal.js';
import { originOf } from '../common/request-origin.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LookUps } from './look-ups.service.js';
import { SessionCookieService } from './session-cookie.service.js';
import { fitsSecret, parseToken, type SessionToken } from './credentials/session-token.js';
import { Unauthenticated } from './sessions.errors.js';
import { UseNotes } from './use-notes.service.js';
import { VisitorsService } from './visitors.service.js';

const BEARER = /^Bearer +([^ ]+) *$/i;
/** These change nothing, so it does no harm when another site causes them. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** From a request to who asks. **Why** nothing is remembered: what was revoked must be refused by the very next request. */
@Injectable()
export class AuthenticatorService {
  private readonly idleSeconds: number;

  constructor(
    private readonly lookUps: LookUps,
    private readonly cookies: SessionCookieService,
    private readonly visitors: VisitorsService,
    private readonly uses: UseNotes,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.idleSeconds = settings.sessions.idleSeconds;
  }

  /**
   * The token that a request shows; null when it shows none. `Authorization` wins over the cookie: only a program sets it on
   * purpose, while a browser sends a cookie whether or not anybody meant it.
   *
   * **Errors**: `Unauthenticated` for what cannot be a token; `AmbiguousCookies`; `ForeignOrigin`.
   */
  tokenOf(request: FastifyRequest): SessionToken | null {
    const { authorization } = request.headers;
    if (authorization !== undefined) return wellFormed(BEARER.exec(authorization)?.[1] ?? '');
    const cookie = this.cookies.read(request);
    if (cookie === null) return null;
    if (!SAFE_METHODS.has(request.method)) this.cookies.requireTrustedOrigin(request);
    return wellFormed(cookie);
  }

  /**
   * Every token that a request shows, in `Authorization` and in the cookie, for a sign-in, which replaces them. **Shape**: none for
   * what cannot be one: a dead or broken token is no obstacle to signing in.
   */
  shownBy(request: FastifyRequest): readonly SessionToken[] {
    const bearer = BEARER.exec(request.headers.authorization ?? '')?.[1];
    return [bearer, ...this.cookies.readAll(request)]
      .map((text) => (text === undefined ? null : parseToken(text)))
      .filter((token) => token !== null);
  }

  /** Whose live session a token stands for. **Errors**: `Unauthenticated`; as `SqlService.read`. */
  async signedIn(token: SessionToken): Promise<SignedIn> {
    const row = await this.lookUps.find(token.id);
    // Unknown and ended sessions cost the same comparison.
    const fits = fitsSecret(token.secret, row === null ? null : (row[1] as Uint8Array));
    if (row === null || !fits) throw new Unauthenticated();
    if (row[5] === true) await this.uses.note(token.id, this.idleSeconds);
    return {
      userId: row[2] as string,
      role: row[3] as Role,
      sessionId: token.id,
      recentlyAuthenticated: row[4] === true,
    };
  }

  /** The visitor of an id that is live, or new. **Errors**: `Unauthenticated`; as `SqlService.read`. */
  async visitor(visitorId: string, request: FastifyRequest): Promise<Principal> {
    const sessionId = await this.visitors.sessionOf(visitorId, originOf(request));
    if (sessionId === null) throw new Unauthenticated();
    return { userId: null, role: 'VISITOR', sessionId, recentlyAuthenticated: false };
  }
}

function wellFormed(text: string): SessionToken {
  const token = parseToken(text);
  if (token === null) throw new Unauthenticated();
  return token;
}
