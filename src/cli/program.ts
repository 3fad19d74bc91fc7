import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { failureText } from '../boot/failure-text.js';
import { dbCommand } from './db.command.js';
import { importCommand } from './import.command.js';
import { keysCommand } from './keys.command.js';
import { sessionsCommand } from './sessions.command.js';
import { usersCommand } from './users.command.js';

const program = new Command('stockroom')
  .description('Stockroom from the command line. Works beside a running service and without one.')
  .addCommand(importCommand())
  .addCommand(dbCommand())
  .addCommand(keysCommand())
  .addCommand(sessionsCommand())
  .addCommand(usersCommand())
  .showHelpAfterError('(--help shows how)');

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof CommanderError ? error.message : failureText(error)}\n`);
  process.exitCode = 1;
}
