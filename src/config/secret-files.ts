import { readFileSync } from 'node:fs';
import type { ConfigurationProblem } from './configuration.errors.js';
import { fileProblem } from './file-problem.js';

/** More than any secret has; a larger file is the wrong file. */
const MAX_BYTES = 65_536;

/** Variables as text, those not set left out. */
export type VariableTexts = Readonly<Record<string, string>>;

/**
 * Replaces `<NAME>_FILE` by the content of the file, for the variables in `names`.
 *
 * **Shape**: the texts with the secrets filled in, and what went wrong: a file that cannot be read or is empty, or both
 * variables set. One final line break is dropped, because editors and `echo` write one.
 */
export function readSecretFiles(
  texts: VariableTexts,
  names: readonly string[],
): { texts: VariableTexts; problems: ConfigurationProblem[] } {
  const filled: Record<string, string> = { ...texts };
  const problems: ConfigurationProblem[] = [];
  for (const name of names) {
    const fileVariable = `${name}_FILE`;
    const path = texts[fileVariable];
    delete filled[fileVariable];
    if (path === undefined) continue;
    if (texts[name] !== undefined) {
      problems.push({ variable: fileVariable, message: `is set beside ${name}; keep one of them` });
      continue;
    }
    const secret = readSecret(path);
    if (typeof secret === 'string') filled[name] = secret;
    else problems.push({ variable: fileVariable, message: secret.problem });
  }
  return { texts: filled, problems };
}

/** The secret in a file. **Shape**: or what is wrong with the file. */
export function readSecret(path: string): string | { problem: string } {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    return { problem: `names a file that cannot be read (${fileProblem(error)}): ${path}` };
  }
  if (content.length > MAX_BYTES) return { problem: `names a file too large to be a secret: ${path}` };
  const secret = content.toString('utf8').replace(/\r?\n$/, '');
  if (secret === '') return { problem: `names an empty file: ${path}` };
  return secret.includes('\0') ? { problem: `names a file that holds no text: ${path}` } : secret;
}
