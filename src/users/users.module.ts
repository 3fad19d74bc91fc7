import { Module } from '@nestjs/common';
import { UserRepository } from './user.repository.js';
import { UsersService } from './users.service.js';

/** People who may sign in. */
@Module({
  providers: [UsersService, UserRepository],
  exports: [UsersService],
})
export class UsersModule {}
