import { z } from 'zod';
import { limitVariables } from './access.variables.js';
import { accountVariables } from './account.variables.js';
import { databaseAddressVariables, databaseUseVariables } from './database.variables.js';
import { eventVariables } from './event.variables.js';
import { historyVariables } from './history.variables.js';
import { httpVariables } from './http.variables.js';
import { metricsVariables } from './metrics.variables.js';
import { adminVariables, encryptionVariables } from './secret.variables.js';
import { changeVariables, folderVariables, importVariables, logVariables } from './service.variables.js';
import { sessionVariables } from './session.variables.js';
import { factsOf } from './variable.js';

/** A chapter of the documentation. */
export interface EnvironmentTopic {
  readonly title: string;
  readonly variables: Readonly<Record<string, z.ZodType>>;
}

/** The variables by topic, in the order of the documentation. */
export const environmentTopics: readonly EnvironmentTopic[] = [
  { title: 'Listening', variables: httpVariables },
  { title: 'Folders', variables: folderVariables },
  { title: 'Where the database is', variables: databaseAddressVariables },
  { title: 'How the database is used', variables: databaseUseVariables },
  { title: 'First administrator', variables: adminVariables },
  { title: 'Accounts', variables: accountVariables },
  { title: 'Sessions', variables: sessionVariables },
  { title: 'Encryption of stored secrets', variables: encryptionVariables },
  { title: 'Limits on requests and guesses', variables: limitVariables },
  { title: 'Imports', variables: importVariables },
  { title: 'Merges and reverts', variables: changeVariables },
  { title: 'Chat history', variables: historyVariables },
  { title: 'Event streams', variables: eventVariables },
  { title: 'Logs and documentation', variables: logVariables },
  { title: 'Metrics', variables: metricsVariables },
];

/** The one schema of the environment. Rules between variables stand in `environment.rules.ts`. */
export const environmentSchema = z.object({
  ...httpVariables,
  ...folderVariables,
  ...databaseAddressVariables,
  ...databaseUseVariables,
  ...adminVariables,
  ...accountVariables,
  ...sessionVariables,
  ...encryptionVariables,
  ...limitVariables,
  ...importVariables,
  ...changeVariables,
  ...historyVariables,
  ...eventVariables,
  ...logVariables,
  ...metricsVariables,
});

/** The environment, every variable read and checked on its own. */
export type Environment = z.output<typeof environmentSchema>;
export type VariableName = keyof Environment;

/** Every variable there is. */
export const variableNames = Object.keys(environmentSchema.shape) as readonly VariableName[];

/** Those that can also be given as a file. */
export const secretNames: readonly VariableName[] = variableNames.filter(
  (name) => factsOf(environmentSchema.shape[name]).secret,
);
