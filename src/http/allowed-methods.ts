import type { FastifyInstance } from 'fastify';

interface Route {
  readonly pattern: RegExp;
  readonly method: string;
}

/** Knows which methods an address takes, to tell 405 from 404: the router only says that nothing matched. */
export class AllowedMethods {
  private readonly routes: Route[] = [];

  /** Notes each route as it is registered. Call before the routes are. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return;
      const pattern = new RegExp(
        `^${url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+')}$`,
      );
      for (const name of [method].flat()) this.routes.push({ pattern, method: name });
    });
  }

  /** Methods of the routes that match a path, in alphabetical order, OPTIONS left out. */
  of(url: string): readonly string[] {
    const path = url.split('?', 1)[0] ?? '';
    const methods = this.routes.filter((route) => route.pattern.test(path)).map((route) => route.method);
    return [...new Set(methods)].filter((method) => method !== 'OPTIONS').sort();
  }
}
