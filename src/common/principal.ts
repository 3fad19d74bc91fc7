import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from './api-docs.js';

/** What someone may do, from least to most. */
export type Role = 'USER' | 'ADMIN' | 'SUPER_ADMIN';

/**
 * Who asks. The guard puts it on the request; nothing else makes one.
 *
 * **Shape**: `userId` is null for a visitor who has not signed in. `sessionId` is the row of the session, a visitor's too.
 */
export interface Principal {
  readonly userId: string | null;
  readonly role: Role | 'VISITOR';
  readonly sessionId: string;
  /** Whether the password was given within the last five minutes, by the database's clock. */
  readonly recentlyAuthenticated: boolean;
}

/** Someone who signed in. */
export interface SignedIn extends Principal {
  readonly userId: string;
  readonly role: Role;
}

/** Where the guard leaves the principal. */
export interface RequestWithPrincipal {
  principal?: Principal;
}

export const ACCESS_METADATA = 'stockroom:access';

/** Who may call an operation: anyone, anyone with a session (visitors included), or these roles. */
export type AccessRule =
  { readonly public: true } | { readonly roles: readonly Role[] } | { readonly session: true };

/** Open to everyone, without credentials. */
export const Public = (): ClassDecorator & MethodDecorator =>
  SetMetadata(ACCESS_METADATA, { public: true } satisfies AccessRule);

/** Needs a session; a visitor's is enough. */
export const AnySession = (): ClassDecorator & MethodDecorator =>
  applyDecorators(
    SetMetadata(ACCESS_METADATA, { session: true } satisfies AccessRule),
    ApiSecurity('visitor'),
    ApiSecurity('cookie'),
    ApiSecurity('bearer'),
  );

/** Needs a signed-in user with one of these roles. */
export const Roles = (...roles: Role[]): ClassDecorator & MethodDecorator =>
  applyDecorators(
    SetMetadata(ACCESS_METADATA, { roles } satisfies AccessRule),
    ApiExtension('x-required-roles', roles),
    ApiSecurity('cookie'),
    ApiSecurity('bearer'),
  );

/** Needs somebody who signed in, of whatever role. */
export const SignedInOnly = (): ClassDecorator & MethodDecorator => Roles('USER', 'ADMIN', 'SUPER_ADMIN');

/** Who asks, as a parameter of a route: `SignedIn` where its rule names roles, null where it is public. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): Principal | null => {
  return context.switchToHttp().getRequest<RequestWithPrincipal>().principal ?? null;
});
