import { Command } from 'commander';
import { packageVersion } from '../common/package-version.js';
import { dbCommand } from './db.command.js';
import { EXAMPLES } from './examples.js';
import { exportCommand } from './export.command.js';
import { importCommand } from './import.command.js';
import { keysCommand } from './keys.command.js';
import { retentionCommand } from './retention.command.js';
import { sessionsCommand } from './sessions.command.js';
import { usersCommand } from './users.command.js';

/** `stockroom`: the whole command line. */
export function stockroomCommand(): Command {
  const program = new Command('stockroom')
    .version(packageVersion())
    .description('Stockroom from the command line. Works beside a running service and without one.')
    .addCommand(importCommand())
    .addCommand(dbCommand())
    .addCommand(keysCommand())
    .addCommand(exportCommand())
    .addCommand(retentionCommand())
    .addCommand(sessionsCommand())
    .addCommand(usersCommand());
  complete(program, []);
  return program;
}

/** **Why one by one**: commands that are made apart inherit nothing from the one that they are added to. */
function complete(command: Command, words: readonly string[]): void {
  command.showHelpAfterError('(--help shows how)');
  const examples = EXAMPLES[words.join(' ')] ?? [];
  if (examples.length > 0) {
    const lines = examples.map((example) => `  stockroom ${example}\n`);
    command.addHelpText('after', `\nExamples:\n${lines.join('')}`);
  }
  for (const child of command.commands) complete(child, [...words, child.name()]);
}
