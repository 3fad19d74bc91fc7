import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { EncryptionModule } from '../encryption/encryption.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { ChangePasswordService } from './change-password.service.js';
import { ChangeUserService } from './change-user.service.js';
import { PasswordService } from './password.service.js';
import { UserRepository } from './user.repository.js';
import { UserSettingsService } from './user-settings.service.js';
import { UsersService } from './users.service.js';

/** People who may sign in. */
@Module({
  imports: [AuditModule, EncryptionModule, RateLimitsModule],
  providers: [
    UsersService,
    ChangeUserService,
    ChangePasswordService,
    UserSettingsService,
    UserRepository,
    PasswordService,
  ],
  exports: [UsersService, ChangeUserService, ChangePasswordService, UserSettingsService],
})
export class UsersModule {}
