import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { copyOfRepository, histories, segments, segmentsBeforeFork, tryRestore } from './damage.js';
import { controlOf, refusal, verifyRepository, type Refusal, type RefusalInput } from './refusal.js';

/** A segment between others is missing. */
export async function missingLog(input: RefusalInput): Promise<readonly Refusal[]> {
  const { place, repository, damagedSegment } = input;
  const copy = await copyOfRepository(place, repository, 'missing-log');
  await rm((await segments(copy)).at(damagedSegment) ?? '');
  const tried = await tryRestore(place, { name: 'log-missing', repository: copy });
  const checked = await verifyRepository(place, 'verify-missing', copy);
  const control = await tryRestore(place, { name: 'missing-control', repository: copy, plain: true });
  const lost = await controlOf(input, control);
  await rm(copy, { recursive: true });
  return [
    refusal(
      'restore over a segment of log that is missing',
      !tried.restored,
      tried.said,
      /REFUSED: .* has no log between/,
    ),
    refusal(
      'check of a repository that lacks a segment',
      checked.status === 1,
      checked.output,
      /has no log between/,
    ),
    lost,
  ];
}

/** Log that is missing before the newest backup begins is nobody's loss, and no reason to refuse. */
export async function missingOldLog({ place, repository }: RefusalInput): Promise<readonly Refusal[]> {
  const copy = await copyOfRepository(place, repository, 'missing-old');
  // The log of the full backup itself: the differential one has its own.
  await rm((await segments(copy)).at(1) ?? '');
  const { cluster, opened, said } = await tryRestore(place, { name: 'old-missing', repository: copy });
  await cluster.remove();
  await rm(copy, { recursive: true });
  const what = 'log that is missing before the newest backup keeps nobody from restoring';
  return [{ what, refused: opened, said: opened ? 'opened' : said.slice(-600), isControl: true }];
}

/** What is missing where the first timeline ends and the second begins. **Shape**: `lost` finds the files in a copy. */
interface Lack {
  readonly what: string;
  readonly lost: (repository: string) => Promise<readonly string[]>;
  readonly pattern: RegExp;
  /** Also by pgBackRest alone, which opens. */
  readonly withControl?: true;
}

const NO_LOG = /REFUSED: .* has no log between/;
const NO_HISTORY = /REFUSED: .* has no history of timeline 2/;
const LACKS: readonly Lack[] = [
  {
    what: 'the last segment of a timeline',
    lost: async (copy) => (await segmentsBeforeFork(copy)).slice(-1),
    pattern: NO_LOG,
    withControl: true,
  },
  {
    what: 'the last segments of a timeline',
    lost: async (copy) => (await segmentsBeforeFork(copy)).slice(-3),
    pattern: NO_LOG,
  },
  {
    what: 'the first segment of a timeline',
    lost: async (copy) => (await segments(copy, 2)).slice(0, 1),
    pattern: NO_LOG,
  },
  { what: 'the history of a timeline', lost: histories, pattern: NO_HISTORY },
];

/** Log that is missing at a change of timelines looks like the end of one, and a timeline without its history like none. */
export async function missingAtFork(input: RefusalInput): Promise<readonly Refusal[]> {
  const found: Refusal[] = [];
  for (const [n, lack] of LACKS.entries()) found.push(...(await lackAtFork(input, lack, `fork-${n}`)));
  return found;
}

async function lackAtFork(
  input: RefusalInput,
  { what, lost, pattern, withControl }: Lack,
  name: string,
): Promise<readonly Refusal[]> {
  const { place } = input;
  const copy = await copyOfRepository(place, input.repository, name);
  const files = await lost(copy);
  for (const path of files) await rm(path);
  const tried = await tryRestore(place, { name: `${name}-tried`, repository: copy });
  const checked = await verifyRepository(place, `${name}-verify`, copy);
  const control =
    withControl === true
      ? [
          await controlOf(
            input,
            await tryRestore(place, { name: `${name}-plain`, repository: copy, plain: true }),
          ),
        ]
      : [];
  await tried.cluster.remove();
  await rm(copy, { recursive: true });
  const names = files.map((path) => basename(path, '.gz').slice(0, 24)).join(', ');
  return [
    refusal(`restore without ${what} (${names})`, names !== '' && !tried.restored, tried.said, pattern),
    refusal(`check of a repository without ${what}`, checked.status === 1, checked.output, pattern),
    ...control,
  ];
}

/** What can still be had of a repository that lacks log: a moment before the gap, and a timeline that has none. */
export async function missingBehindMoment(input: RefusalInput): Promise<readonly Refusal[]> {
  const { place, repository, moment, afterRestore } = input;
  const atFork = await copyOfRepository(place, repository, 'behind-1');
  await rm((await segmentsBeforeFork(atFork)).at(-1) ?? '');
  const onSecond = await copyOfRepository(place, repository, 'behind-2');
  await rm((await segments(onSecond, 2)).at(1) ?? '');
  const to = ['--to', moment.at];
  const found = [
    await opens(input, { name: 'before-gap', repository: atFork, args: to, done: moment.done }),
    await opens(input, { name: 'before-second', repository: onSecond, args: to, done: moment.done }),
    await opens(input, {
      name: 'other-line',
      repository: onSecond,
      args: ['--timeline', '1'],
      done: input.done,
    }),
  ];
  const args = ['--to', afterRestore];
  const late = await tryRestore(place, { name: 'behind-gap', repository: atFork, args });
  const reached = await tryRestore(place, { name: 'no-gap', repository, args });
  const whole = await tryRestore(place, { name: 'second-gap', repository: onSecond });
  for (const { cluster } of [late, reached, whole]) await cluster.remove();
  for (const copy of [atFork, onSecond]) await rm(copy, { recursive: true });
  const ended = /recovery ended before configured recovery target was reached/;
  return [
    ...found,
    refusal('a moment behind log that is missing', late.restored && !late.opened, late.said, ended),
    {
      what: 'with that log the moment is reached',
      refused: reached.opened,
      said: reached.opened ? 'opened' : reached.said.slice(-600),
      isControl: true,
    },
    refusal('restore over a gap in the second timeline', !whole.restored, whole.said, NO_LOG),
  ];
}

/** A restore that must not be refused, with the rows of so many operations and no other. */
async function opens(
  { place, compare }: RefusalInput,
  options: {
    readonly name: string;
    readonly repository: string;
    readonly args: readonly string[];
    readonly done: number;
  },
): Promise<Refusal> {
  const { cluster, opened, said } = await tryRestore(place, options);
  const comparison = opened ? await compare(cluster, options.done) : null;
  await cluster.remove();
  const wrong = comparison === null ? 1 : comparison.missing.length + comparison.extra.length;
  return {
    what: `log that is missing elsewhere keeps nobody from restoring (${options.args.join(' ')})`,
    refused: wrong === 0,
    said: comparison === null ? said.slice(-600) : `opened, ${comparison.rows} rows, ${wrong} of them wrong`,
    isControl: true,
  };
}
