import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a program did. **Units**: `seconds` from before it was started until it had ended. */
export interface ProgramRun {
  readonly output: string;
  readonly seconds: number;
}

/** Runs a program to its end. **Errors**: when it ends with anything but 0, with what it said on standard error. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProgramRun> {
  const startedAt = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedAt) / 1000;
  const [output, trouble] = await said;
  if (code !== 0)
    throw new Error(`${program} ${args.join(' ').slice(0, 200)} ended with ${code}: ${trouble}`);
  return { output, seconds };
}
