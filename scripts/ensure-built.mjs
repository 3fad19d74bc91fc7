/**
 * Builds `dist/` if a source is newer than the last finished build; otherwise returns within milliseconds.
 *
 * **Why** not always: a build takes a second or two, which every command of `npm run stockroom` would pay.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');
const STAMP = join(ROOT, 'dist/.built');
const LOCK = join(ROOT, 'node_modules/.stockroom-build.lock');
const TREES = ['src', 'migrations'];
const FILES = [
  ...[
    'mikro-orm.config.ts',
    'tsconfig.json',
    'tsconfig.build.json',
    'nest-cli.json',
    '.swcrc',
    'package.json',
  ],
];

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Newest change below a folder. Folders count too: theirs is the only trace that a deleted file leaves. */
function newestIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Math.max(modified(folder), ...entries.map((entry) => modified(join(entry.parentPath, entry.name))));
}

function isCurrent() {
  const newest = [
    ...TREES.map((name) => newestIn(join(ROOT, name))),
    ...FILES.map((name) => modified(join(ROOT, name))),
  ];
  return modified(STAMP) > Math.max(...newest);
}

/** Two commands that start at once must not build into the same folder. A lock left by a killed build is taken over. */
async function lock() {
  for (;;) {
    try {
      const file = openSync(LOCK, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isRunning(holder())) rmSync(LOCK, { force: true });
    await sleep(100);
  }
}

function holder() {
  try {
    return Number(readFileSync(LOCK, 'utf8'));
  } catch {
    return 0;
  }
}

function isRunning(pid) {
  // An empty file belongs to a process that is just about to write its number.
  if (pid === 0) return Date.now() - modified(LOCK) < 1_000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// npm writes this file last: without it some package would be missing, and the message would name a file and no mend.
if (modified(join(ROOT, 'node_modules/.package-lock.json')) === 0) {
  process.stderr.write(
    'The dependencies are not installed, or not to the end: run npm ci, and wait for it.\n',
  );
  process.exit(1);
}
if (!isCurrent()) {
  await lock();
  try {
    if (!isCurrent()) {
      process.stderr.write('Building …\n');
      // Before the build starts: a source saved while it runs is newer than the stamp, and is built next time.
      const startedAt = new Date();
      const nest = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
      // What the build says goes to standard error: standard output belongs to the command that comes after it.
      const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
      if (status !== 0) process.exitCode = 1;
      else {
        writeFileSync(STAMP, '');
        utimesSync(STAMP, startedAt, startedAt);
      }
    }
  } finally {
    rmSync(LOCK, { force: true });
  }
}
