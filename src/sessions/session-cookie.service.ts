import { Inject, Injectable } from '@nestjs/common';
// Declares what the plugin adds to replies.
import type {} from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { AmbiguousCookies, ForeignOrigin } from './sessions.errors.js';
import type { OpenedSession } from './sessions.types.js';

const PLAIN_NAME = 'stockroom_session';
const SECURE_NAME = '__Host-stockroom_session';

/**
 * The session token as a cookie, for browsers.
 *
 * **Why** `SameSite=Strict`: nothing here is a page that somebody follows a link to, so nothing is lost when other sites' links
 * and forms never carry it. **Why** `__Host-`: such a cookie can be set by this host over TLS only, by no sibling domain.
 */
@Injectable()
export class SessionCookieService {
  private readonly corsOrigins: ReadonlySet<string>;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {
    this.corsOrigins = new Set(settings.http.corsOrigins);
  }

  /** Hands the token of a session just opened or rotated to a browser. */
  set(request: FastifyRequest, reply: FastifyReply, { token, expiresAt }: OpenedSession): void {
    void reply.setCookie(this.nameFor(request), token, { ...this.attributes(request), expires: expiresAt });
  }

  /** Makes a browser forget the token. */
  clear(request: FastifyRequest, reply: FastifyReply): void {
    void reply.clearCookie(this.nameFor(request), this.attributes(request));
  }

  /** The token in the session cookie; null when there is none. **Errors**: `AmbiguousCookies` when there are two. */
  read(request: FastifyRequest): string | null {
    const [found = null, another] = this.readAll(request);
    if (another !== undefined) throw new AmbiguousCookies();
    return found;
  }

  /** What all session cookies of a request hold, in their order. */
  readAll(request: FastifyRequest): readonly string[] {
    const header = request.headers.cookie;
    if (header === undefined) return [];
    const name = this.nameFor(request);
    return header
      .split(';')
      .map(splitPair)
      .filter(([key]) => key === name)
      .map(([, value]) => value);
  }

  /**
   * Lets a write with the cookie through only if a page of this service, or of an origin in `CORS_ORIGINS`, asked for it.
   *
   * **Errors**: `ForeignOrigin`, also when the browser does not say who asked.
   */
  requireTrustedOrigin(request: FastifyRequest): void {
    const { origin } = request.headers;
    if (origin === undefined) {
      // Set by browsers alone, and by no script: as good a word as the Origin that a few of them leave out.
      if (request.headers['sec-fetch-site'] === 'same-origin') return;
      throw new ForeignOrigin();
    }
    const scheme = this.isSecure(request) ? 'https' : 'http';
    if (origin === `${scheme}://${request.host.toLowerCase()}` || this.corsOrigins.has(origin)) return;
    throw new ForeignOrigin();
  }

  private nameFor(request: FastifyRequest): string {
    return this.isSecure(request) ? SECURE_NAME : PLAIN_NAME;
  }

  private isSecure(request: FastifyRequest): boolean {
    const { cookie } = this.settings.sessions;
    return cookie === 'always' || (cookie === 'auto' && request.protocol === 'https');
  }

  private attributes(request: FastifyRequest) {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.isSecure(request) } as const;
  }
}

function splitPair(pair: string): [name: string, value: string] {
  const equals = pair.indexOf('=');
  return equals === -1 ? ['', pair.trim()] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}
