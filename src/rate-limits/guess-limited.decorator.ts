import {
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { catchError, type Observable } from 'rxjs';
import { TooManyAttempts } from './rate-limits.errors.js';

/** Takes the standing under the ordinary limit off an answer that another limit refused. */
class HideOrdinaryStanding implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (error instanceof TooManyAttempts) {
          const reply = context.switchToHttp().getResponse<FastifyReply>();
          reply.removeHeader('ratelimit').removeHeader('ratelimit-policy');
        }
        throw error;
      }),
    );
  }
}

/**
 * For routes that check a password: a refused guess says only when to come back. **Why** no numbers of that limit: they would tell
 * whoever guesses how many attempts others had at the account.
 */
export const GuessLimited = (): MethodDecorator & ClassDecorator =>
  UseInterceptors(new HideOrdinaryStanding());
