import type { ConfigurationProblem } from './configuration.errors.js';
import { nearestName } from './nearest-name.js';

/** Prefixes under which every variable is ours, so that an unknown one is a slip and not somebody else's. */
const OUR_PREFIX = /^(STOCKROOM|DATABASE)_/;

/** What hosting platforms set beside `DATABASE_URL` without being asked (Neon and Vercel, Railway, Heroku). */
const PLATFORM_VARIABLES = new Set([
  'DATABASE_URL_UNPOOLED',
  'DATABASE_PUBLIC_URL',
  'DATABASE_PRIVATE_URL',
  'DATABASE_CONNECTION_POOL_URL',
]);

/** What Kubernetes sets in every container for a service named `stockroom` or `database`: `…_PORT_3000_TCP_ADDR` and so on. */
const SERVICE_LINK =
  /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/**
 * Variables that look like ours and are not: a misspelt time limit would otherwise be a default nobody chose.
 *
 * **Shape**: one problem per variable, with the nearest name when one is near.
 */
export function unknownVariables(env: NodeJS.ProcessEnv, known: ReadonlySet<string>): ConfigurationProblem[] {
  return Object.keys(env)
    .filter((name) => OUR_PREFIX.test(name) && !known.has(name))
    .filter((name) => !PLATFORM_VARIABLES.has(name) && !SERVICE_LINK.test(name))
    .filter((name) => env[name] !== undefined && env[name] !== '')
    .map((variable) => {
      const near = nearestName(variable, known);
      const mend = near === null ? 'take it out' : `did you mean ${near}?`;
      return { variable, message: `is not a variable of this service: ${mend}` };
    });
}
