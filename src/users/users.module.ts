import { Module } from '@nestjs/common';
import { PasswordService } from './password.service.js';
import { UserRepository } from './user.repository.js';
import { UsersService } from './users.service.js';

/** People who may sign in. */
@Module({
  providers: [UsersService, UserRepository, PasswordService],
  exports: [UsersService],
})
export class UsersModule {}
