import 'reflect-metadata';
import { CommanderError } from 'commander';
import { failureText } from '../boot/failure-text.js';
import { Interrupted } from './interruption.js';
import { stockroomCommand } from './stockroom.command.js';

try {
  await stockroomCommand().parseAsync();
} catch (error) {
  if (error instanceof Interrupted) error.end();
  process.stderr.write(`${error instanceof CommanderError ? error.message : failureText(error)}\n`);
  process.exitCode = 1;
}
