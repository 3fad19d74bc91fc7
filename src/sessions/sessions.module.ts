import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessCheck } from './access/access-check.service.js';
import { AccessRefusals } from './access-refusals.service.js';
import { AuthenticatorService } from './authenticator.service.js';
import { LookUps } from './look-ups.service.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { PurgeSessionsService } from './purge-sessions.service.js';
import { SessionCookieService } from './session-cookie.service.js';
import { SessionGuard } from './session.guard.js';
import { SessionRepository } from './session.repository.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { SignInService } from './sign-in.service.js';
import { UseNotes } from './use-notes.service.js';
import { VisitorClaims } from './visitor-claims.service.js';
import { VisitorsService } from './visitors.service.js';

/** Sessions of people and visitors, and the guard that asks for them. */
@Module({
  imports: [AuditModule, DiscoveryModule, EncryptionModule, RateLimitsModule, UsersModule],
  controllers: [SessionsController],
  providers: [
    AccessCheck,
    AccessRefusals,
    AuthenticatorService,
    LookUps,
    OwnSessionsService,
    PurgeSessionsService,
    SessionCookieService,
    SessionGuard,
    SessionRepository,
    SessionsService,
    SignInService,
    UseNotes,
    VisitorClaims,
    VisitorsService,
  ],
  exports: [
    AccessRefusals,
    AuthenticatorService,
    SessionGuard,
    SessionsService,
    SessionCookieService,
    VisitorClaims,
  ],
})
export class SessionsModule {}
