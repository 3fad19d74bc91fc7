import { readdir, readFile } from 'node:fs/promises';

/** What Linux counts processor time in, whatever the kernel's own clock. **Units**: microseconds. */
const TICK_US = 10_000;

interface Counted {
  readonly parent: number;
  /** Of the process itself, and of its children that have ended. **Units**: ticks. */
  readonly own: number;
  readonly ended: number;
}

/** Processor time that a process took so far. **Units**: microseconds, in steps of ten thousand; null where the system does not say. */
export async function timeOf(pid: number): Promise<number | null> {
  const counted = await read(pid);
  return counted === null ? null : counted.own * TICK_US;
}

/** The same of a process with all its children, as of a PostgreSQL server with its backends. */
export async function timeOfFamily(pid: number): Promise<number | null> {
  const parent = await read(pid);
  if (parent === null) return null;
  const names = await readdir('/proc');
  const others = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => read(Number(name))),
  );
  const children = others.filter((counted) => counted?.parent === pid);
  const ticks = children.reduce((sum, counted) => sum + (counted?.own ?? 0), parent.own + parent.ended);
  return ticks * TICK_US;
}

/** The fields are documented in proc(5); the name of the program, in parentheses, may hold blanks. */
async function read(pid: number): Promise<Counted | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (field: number): number => fields[field - 3] ?? 0;
  return { parent: at(4), own: at(14) + at(15), ended: at(16) + at(17) };
}
