import 'reflect-metadata';
import { CommanderError } from 'commander';
import { failureText } from '../boot/failure-text.js';
import { stockroomCommand } from './stockroom.command.js';

try {
  await stockroomCommand().parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof CommanderError ? error.message : failureText(error)}\n`);
  process.exitCode = 1;
}
