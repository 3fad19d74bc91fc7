import { resolve } from 'node:path';
import { ConfigurationError, type ConfigurationProblem } from './configuration.errors.js';
import { withCurrentPasswords } from './current-password.js';
import { databaseConnections } from './database.settings.js';
import { environmentSchema, secretNames, variableNames, type Environment } from './environment.schema.js';
import { environmentProblems } from './environment.rules.js';
import { readSecretFiles, type VariableTexts } from './secret-files.js';
import type { EncryptionSettings, Settings } from './settings.types.js';
import { toSettings } from './to-settings.js';
import { unknownVariables } from './unknown-variables.js';

export type { ConnectionSettings } from './database-url.js';
export type { EncryptionSettings, KeysFile, LimitSettings, Settings } from './settings.types.js';

/** Injection token of `Settings`. */
export const SETTINGS = Symbol('SETTINGS');

/** What the caller is going to do with the settings. */
export interface SettingsNeeds {
  /** False for what looks at no encrypted value: who may only read the database should not have to hold the keys. */
  readonly keys: boolean;
}

/**
 * Reads the environment, once, at the start of the service or of a command.
 *
 * **Errors**: `ConfigurationError`, with every variable that is wrong and how to mend it.
 */
export function loadSettings(
  env: NodeJS.ProcessEnv = process.env,
  needs: SettingsNeeds = { keys: true },
): Settings {
  const known = new Set([...variableNames, ...secretNames.map((name) => `${name}_FILE`)]);
  const unknown = unknownVariables(env, known);
  const given = givenTexts(env, known);
  const secrets = readSecretFiles(given, secretNames);
  const { environment, problems: wrong } = readEnvironment(secrets.texts);
  const database = databaseConnections(environment);
  // A variable that is wrong was read as if it were not set; what would follow from that is not worth saying.
  const silent = new Set([
    ...secrets.problems.map(({ variable }) => variable.replace(/_FILE$/, '')),
    ...wrong.map(named),
  ]);
  const following = [...database.problems, ...environmentProblems(environment, needs)].filter(
    ({ variable }) => !silent.has(variable),
  );
  const problems = [...unknown, ...secrets.problems, ...wrong, ...following];
  if (problems.length > 0) throw new ConfigurationError(problems);
  const settings = toSettings(environment, withCurrentPasswords(database.connections, given));
  return { ...settings, encryption: { ...settings.encryption, ...keysFile(given['ENCRYPTION_KEYS_FILE']) } };
}

function keysFile(path: string | undefined): Pick<EncryptionSettings, 'keysFile'> {
  return path === undefined ? {} : { keysFile: { path: resolve(path), format: 'list' } };
}

/** **Why** an empty value counts as unset: compose files and shells write `NAME=` for what they have no value for. */
function givenTexts(env: NodeJS.ProcessEnv, known: ReadonlySet<string>): VariableTexts {
  const secret = new Set<string>(secretNames);
  const texts: Record<string, string> = {};
  for (const name of known) {
    // A blank may be part of a secret, and is a slip everywhere else.
    const value = secret.has(name) ? env[name] : env[name]?.trim();
    if (value !== undefined && value !== '') texts[name] = value;
  }
  return texts;
}

function readEnvironment(texts: VariableTexts): {
  environment: Environment;
  problems: ConfigurationProblem[];
} {
  const parsed = environmentSchema.safeParse(texts);
  if (parsed.success) return { environment: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(({ path, message }) => ({
    variable: String(path[0]),
    message: withHint(message, texts[String(path[0])]),
  }));
  // The rest is read without them, so that the rules between variables are checked in the same start.
  const wrong = new Set(problems.map(named));
  const rest = Object.entries(texts).filter(([name]) => !wrong.has(name));
  return { environment: environmentSchema.parse(Object.fromEntries(rest)), problems };
}

function withHint(message: string, value: string | undefined): string {
  return value?.startsWith('tcp://') === true
    ? `${message}; Kubernetes sets this one for a service of that name: set enableServiceLinks: false in the pod`
    : message;
}

function named({ variable }: ConfigurationProblem): string {
  return variable;
}
