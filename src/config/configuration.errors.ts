/** One thing wrong with the configuration. **Shape**: `message` reads on from the variable's name and says the mend. */
export interface ConfigurationProblem {
  readonly variable: string;
  readonly message: string;
}

/**
 * The environment cannot be used. Lists everything that is wrong, so that one start is enough to mend it all; never
 * holds the value of a secret. Ends a start or a command; never leaves the service over HTTP.
 */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(({ variable, message }) => `  ${variable} ${message}`);
    super(
      `The configuration cannot be used:\n${lines.join('\n')}\nEvery variable is explained in docs/configuration.md.`,
    );
    this.name = 'ConfigurationError';
  }
}
