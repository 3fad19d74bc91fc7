import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountsService } from './accounts.service.js';
import { OwnAccountController } from './own-account.controller.js';
import { RegisterAccountService } from './register-account.service.js';
import { RegistrationController } from './registration.controller.js';
import { UsersController } from './users.controller.js';

/** `/v1/users`: what is done to people and their sessions together. */
@Module({
  imports: [AuditModule, RateLimitsModule, SessionsModule, UsersModule],
  controllers: [RegistrationController, OwnAccountController, UsersController],
  providers: [AccountsService, RegisterAccountService],
  exports: [AccountsService],
})
export class AccountsModule {}
