import { writeFileSync } from 'node:fs';
import { environmentTopics } from '../src/config/environment.schema.js';
import { factsOf } from '../src/config/variable.js';

/** Where the table stands, and how it gets there: the test that compares them prints both. */
export const TABLE_FILE = 'docs/configuration.md';
export const TABLE_COMMAND = 'node --import @swc-node/register/esm-register scripts/configuration-table.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from src/config/*.variables.ts. Do not edit; run: ${TABLE_COMMAND} -->

Everything is configured by environment variables. None is needed for a first start. All are read and checked once, when the
service or a command starts; a start with a wrong one is refused, with every fault and its mend in one message. An empty
variable counts as unset. An unknown variable whose name begins with \`STOCKROOM_\` or \`DATABASE_\` is taken for a slip and refused,
unless it is one that a hosting platform sets by itself.

A variable marked **secret** can also be given as a file: \`<NAME>_FILE\` holds the path, one line break at the file's end is
dropped, and setting both is refused. Nothing reads a \`.env\` file; \`node --env-file\` does.
`;

/** The whole document, from the schema. */
export function configurationDocument(): string {
  const sections = environmentTopics.map(({ title, variables }) => {
    const rows = Object.entries(variables).map(([name, variable]) => {
      const facts = factsOf(variable);
      const label = facts.secret ? `\`${name}\`<br>**secret**` : `\`${name}\``;
      return row([label, facts.default, facts.values, facts.description]);
    });
    return [
      `## ${title}`,
      '',
      row(['variable', 'default', 'values', 'meaning']),
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [INTRODUCTION, ...sections].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

if (import.meta.main) writeFileSync(new URL(`../${TABLE_FILE}`, import.meta.url), configurationDocument());
