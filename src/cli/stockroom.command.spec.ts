import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { EXAMPLES } from './examples.js';
import { stockroomCommand } from './stockroom.command.js';

interface Leaf {
  readonly name: string;
  readonly command: Command;
}

/** Every command that does something, with the words that it is called by. */
function leaves(command: Command, words: readonly string[] = []): readonly Leaf[] {
  if (command.commands.length === 0) return [{ name: words.join(' '), command }];
  return command.commands.flatMap((child) => leaves(child, [...words, child.name()]));
}

/** What a command writes, and the error with which it ends, in place of ending this process. */
function ended(words: readonly string[]): { code: string; out: string; err: string } {
  let [out, err] = ['', ''];
  const program = stockroomCommand();
  const prepare = (command: Command): void => {
    command
      .exitOverride()
      .configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) });
    command.commands.forEach(prepare);
  };
  prepare(program);
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    return { code: (error as { code: string }).code, out, err };
  }
  throw new Error('It was run.');
}

describe('the command line', () => {
  const all = leaves(stockroomCommand());

  it.each(all.map(({ name, command }) => [name, command] as const))('%s takes --json', (_name, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
  });

  it('has examples of every command, and of no other', () => {
    const mend = 'Edit src/cli/examples.ts: it must list the commands of src/cli/stockroom.command.ts.';
    expect([mend, Object.keys(EXAMPLES).toSorted()]).toEqual([mend, all.map(({ name }) => name).toSorted()]);
  });

  it.each(all.map(({ name }) => name))('%s shows them in its help', (name) => {
    const { code, out, err } = ended([...name.split(' '), '--help']);
    expect([code, err]).toEqual(['commander.helpDisplayed', '']);
    expect(out).toContain(`\nExamples:\n  stockroom ${name}`);
  });

  it.each(Object.entries(EXAMPLES).flatMap(([name, examples]) => examples.map((example) => [name, example])))(
    '%s can be called like its example: %s',
    (name = '', example = '') => {
      const command = all.find((leaf) => leaf.name === name)?.command;
      if (command === undefined) throw new Error(`There is no command ${name}.`);
      command.exitOverride().action(() => undefined);
      // What the shell does with the rest is its own affair.
      const [typed = ''] = example.split(/ [|<>] /);
      const words = typed.split(' ').slice(name.split(' ').length);
      expect(() => command.parse(words, { from: 'user' })).not.toThrow();
    },
  );

  it('says its version, which is that of the package', () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(ended(['--version'])).toEqual({ code: 'commander.version', out: `${version}\n`, err: '' });
  });

  it.each([['nonsense'], ['db nonsense'], ['db migrate --nonsense'], ['import --interval 2d x']])(
    'refuses "%s" and says how to get help',
    (line) => {
      const { out, err } = ended(line.split(' '));
      expect(out).toBe('');
      expect(err).toMatch(/^error: .*\n[^]*\(--help shows how\)\n$/);
    },
  );
});
