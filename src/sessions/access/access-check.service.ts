import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { routesWithoutRule } from './routes-without-rule.js';

/** Lets no application start that has a route without an access rule. */
@Injectable()
export class AccessCheck implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  /** **Errors**: `Error` that names each such route. */
  onModuleInit(): void {
    const controllers = this.discovery
      .getControllers()
      .map(({ metatype }) => metatype)
      .filter((metatype): metatype is Type => typeof metatype === 'function');
    const missing = routesWithoutRule(controllers);
    if (missing.length === 0) return;
    throw new Error(
      `These routes do not say who may call them: ${missing.join(', ')}. Add @Public, @AnySession, @SignedInOnly or @Roles of src/common/principal.ts.`,
    );
  }
}
