import type { ConfigurationProblem } from './configuration.errors.js';
import { namesDatabase } from './database.settings.js';
import { KEY_COMMAND } from './encryption-keys.js';
import type { Environment } from './environment.schema.js';

/** What is wrong between variables that are each right on their own; the database's own rules stand beside its URLs. */
export function environmentProblems(
  environment: Environment,
  needs: { readonly keys: boolean },
): ConfigurationProblem[] {
  return [
    ...adminProblems(environment),
    ...encryptionProblems(environment),
    ...(needs.keys ? missingKeys(environment) : []),
    ...importProblems(environment),
    ...metricsProblems(environment),
    ...durationProblems(environment),
  ];
}

function adminProblems(environment: Environment): ConfigurationProblem[] {
  return oneWithoutTheOther(environment, 'STOCKROOM_ADMIN_EMAIL', 'STOCKROOM_ADMIN_PASSWORD');
}

function encryptionProblems(environment: Environment): ConfigurationProblem[] {
  const { APP_SECRET, ENCRYPTION_SALT } = environment;
  const problems = oneWithoutTheOther(environment, 'APP_SECRET', 'ENCRYPTION_SALT');
  if (APP_SECRET !== undefined && APP_SECRET === ENCRYPTION_SALT) {
    problems.push({ variable: 'ENCRYPTION_SALT', message: 'must not be the same as APP_SECRET' });
  }
  return problems;
}

function missingKeys(environment: Environment): ConfigurationProblem[] {
  const { ENCRYPTION_KEYS, APP_SECRET, ENCRYPTION_SALT } = environment;
  const given = [ENCRYPTION_KEYS, APP_SECRET, ENCRYPTION_SALT];
  if (!namesDatabase(environment) || given.some((value) => value !== undefined)) return [];
  const message =
    'is required with an external database (or APP_SECRET and ENCRYPTION_SALT). ' +
    `Set it to k1:<key>, with a key made by: ${KEY_COMMAND}`;
  return [{ variable: 'ENCRYPTION_KEYS', message }];
}

function importProblems(environment: Environment): ConfigurationProblem[] {
  const { STOCKROOM_IMPORT_MAX_BYTES: packed, STOCKROOM_IMPORT_MAX_EXPANDED_BYTES: expanded } = environment;
  const problems: ConfigurationProblem[] = [];
  if (expanded < packed) {
    const message = `is ${expanded}, less than STOCKROOM_IMPORT_MAX_BYTES (${packed}): raise it, or lower the other`;
    problems.push({ variable: 'STOCKROOM_IMPORT_MAX_EXPANDED_BYTES', message });
  }
  const { STOCKROOM_IMPORT_CONCURRENCY: imports, DATABASE_POOL_MAX: connections } = environment;
  if (imports >= connections) {
    const message = `is ${imports}, and DATABASE_POOL_MAX is ${connections}: imports would leave requests no connection`;
    problems.push({
      variable: 'STOCKROOM_IMPORT_CONCURRENCY',
      message: `${message}. Lower it, or raise the pool`,
    });
  }
  return problems;
}

function metricsProblems({ PORT, METRICS_PORT }: Environment): ConfigurationProblem[] {
  if (METRICS_PORT === undefined || METRICS_PORT === 0 || METRICS_PORT !== PORT) return [];
  const message = `is ${METRICS_PORT}, as PORT is: metrics are served without credentials, so they need a port of their own`;
  return [{ variable: 'METRICS_PORT', message }];
}

/** Times of which the longer one would never be reached, or the shorter one would undo what the other is for. */
function durationProblems(environment: Environment): ConfigurationProblem[] {
  const { STOCKROOM_SIGN_IN_MEMORY_SECONDS: memory, STOCKROOM_SIGN_IN_MAX_DELAY_SECONDS: delay } =
    environment;
  const { STOCKROOM_SESSION_IDLE_SECONDS: idle, STOCKROOM_SESSION_LIFETIME_SECONDS: lifetime } = environment;
  const problems: ConfigurationProblem[] = [];
  if (memory < delay) {
    const message = `is ${memory}, less than STOCKROOM_SIGN_IN_MAX_DELAY_SECONDS (${delay}): who waits would be forgotten first, and guess for free. Raise it, or lower the other`;
    problems.push({ variable: 'STOCKROOM_SIGN_IN_MEMORY_SECONDS', message });
  }
  if (idle > lifetime) {
    const message = `is ${idle}, more than STOCKROOM_SESSION_LIFETIME_SECONDS (${lifetime}): no session would end by it. Lower it, or raise the other`;
    problems.push({ variable: 'STOCKROOM_SESSION_IDLE_SECONDS', message });
  }
  return problems;
}

function oneWithoutTheOther<Name extends keyof Environment>(
  environment: Environment,
  ...pair: readonly [Name, Name]
): ConfigurationProblem[] {
  const missing = pair.filter((name) => environment[name] === undefined);
  return missing.length === 1
    ? missing.map((variable) => ({
        variable,
        message: `is required beside ${pair.find((name) => name !== variable)}`,
      }))
    : [];
}
