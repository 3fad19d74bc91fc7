import { randomBytes, randomUUID } from 'node:crypto';
import { EntityManager } from '@mikro-orm/postgresql';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Role } from '../../src/common/principal.js';
import type { RequestOrigin } from '../../src/common/request-origin.js';
import { UnitOfWork } from '../../src/database/unit-of-work.service.js';
import { SessionsService } from '../../src/sessions/sessions.service.js';
import type { OpenedSession } from '../../src/sessions/sessions.types.js';
import { PasswordService } from '../../src/users/password.service.js';
import { User } from '../../src/users/user.entity.js';
import type { ApiClient } from './api-client.js';

/** The password of every persona: hashing it is what making a person costs, so it is done once for each application. */
export const PERSONA_PASSWORD = 'correct horse battery staple';

/** Where personas come from when they do not come over HTTP. */
export const TEST_ORIGIN: RequestOrigin = { address: '192.0.2.1', userAgent: 'test', requestId: 'test' };

/** Someone who signed in. */
export interface Persona {
  readonly userId: string;
  readonly role: Role;
  readonly email: string;
  readonly username: string;
  readonly password: string;
  readonly sessionId: string;
  readonly token: string;
  /** Asks with their token. */
  readonly api: ApiClient;
}

/** Makes people and sessions without asking the service, so that tests of other things need no sign-in. */
export class Personas {
  private passwordHash: Promise<string> | null = null;

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly stranger: ApiClient,
  ) {}

  /** A new person of a role, signed in. */
  async signedIn(role: Role): Promise<Persona> {
    const username = `${role.toLowerCase()}-${randomBytes(4).toString('hex')}`;
    const email = `${username}@example.com`;
    this.passwordHash ??= this.app.get(PasswordService).hash(PERSONA_PASSWORD);
    const passwordHash = await this.passwordHash;
    const em = this.app.get(EntityManager).fork();
    const user = em.create(User, { email, username, passwordHash, role });
    await em.persist(user).flush();
    const { id: sessionId, token } = await openSession(this.app, user.id);
    return {
      userId: user.id,
      role,
      email,
      username,
      password: PERSONA_PASSWORD,
      sessionId,
      token,
      api: this.stranger.as(token),
    };
  }
}

/** One more session of a person. */
export async function openSession(app: NestFastifyApplication, userId: string): Promise<OpenedSession> {
  const sessions = app.get(SessionsService);
  return app
    .get(UnitOfWork)
    .run({ userId }, (em) => sessions.open(em, { userId, origin: TEST_ORIGIN, visitorId: null }));
}

/** The header of a visitor whom nobody has seen before. */
export function visitorHeaders(): { 'x-session-id': string } {
  return { 'x-session-id': randomUUID() };
}
