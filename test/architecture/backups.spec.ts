import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll, YAML11_SCHEMA } from 'js-yaml';
import { ROOT } from './rules/source-files.js';

interface ComposeService {
  readonly command?: readonly string[];
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface CronJob {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly schedule: string;
    readonly concurrencyPolicy: string;
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] };
        };
      };
    };
  };
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const compose = (path: string): Compose => load(read(path), { schema: YAML11_SCHEMA }) as Compose;
const backups = compose('deploy/backup/compose.yml');
const whole = compose('docker-compose.yml');
const scriptCommands = [
  ...read('deploy/backup/stockroom-backup.sh').matchAll(
    /^# {3}stockroom-backup\.sh ([\w |]+?)(?: SECONDS)? {3}/gm,
  ),
]
  .flatMap(([, names = '']) => names.split('|'))
  .map((name) => name.trim());

/** `name = value` of a server's configuration. */
const serverSettings = new Map(
  [...read('deploy/backup/postgresql.conf').matchAll(/^(\w+) = '?([^'\n]*)'?$/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);

const cronJobs = readdirSync(join(ROOT, 'deploy/kubernetes/backup'))
  .flatMap((file) => loadAll(read(`deploy/kubernetes/backup/${file}`)) as CronJob[])
  .filter(({ kind }) => kind === 'CronJob');
const argumentOf = (job: CronJob): string =>
  job.spec.jobTemplate.spec.template.spec.containers[0].args.join(' ');

describe('the configuration of backups', () => {
  it('archives log at least every minute', () => {
    expect(serverSettings.get('archive_mode')).toBe('on');
    const seconds = Number(serverSettings.get('archive_timeout'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('neither throws log away nor counts what lies in a spool as archived', () => {
    const settings = read('deploy/backup/pgbackrest.conf').replaceAll(/^#.*$/gm, '');
    expect(settings).not.toMatch(/archive-push-queue-max|archive-async/);
  });

  it('holds no secret', () => {
    const settings = read('deploy/backup/pgbackrest.conf').replaceAll(/^#.*$/gm, '');
    expect(settings).not.toMatch(/pass|key|secret/);
  });

  it('knows its own commands, and can be run', () => {
    expect(scriptCommands).toEqual(['full', 'diff', 'due', 'dump', 'verify', 'check', 'age', 'loop']);
    for (const name of ['stockroom-backup.sh', 'stockroom-restore.sh', 'stockroom-archive-get.sh'])
      expect(statSync(join(ROOT, 'deploy/backup', name)).mode & 0o111).toBe(0o111);
  });
});

describe('the schedules', () => {
  it('of cron take a full backup a week, another on each other day, and a dump and a check daily', () => {
    const lines = [
      ...read('deploy/backup/stockroom.cron').matchAll(
        /^(\S+ \S+ \S+ \S+ \S+) +postgres stockroom-backup\.sh (\w+) /gm,
      ),
    ];
    expect(lines.map(([, when, what]) => [what, when?.split(/\s+/).slice(2).join(' ')])).toEqual([
      ['full', '* * 0'],
      ['diff', '* * 1-6'],
      ['dump', '* * *'],
      ['check', '* * *'],
    ]);
  });

  it('of Kubernetes are the same, one job at a time', () => {
    const days = cronJobs.map((job) => [argumentOf(job), job.spec.schedule.split(' ').slice(2).join(' ')]);
    expect(Object.fromEntries(days)).toEqual({
      ...{ full: '* * 0', diff: '* * 1-6', dump: '* * *', verify: '* * *' },
    });
    for (const job of cronJobs) {
      expect(scriptCommands).toContain(argumentOf(job));
      expect(job.spec.concurrencyPolicy).toBe('Forbid');
    }
  });
});

describe('deploy/backup/compose.yml', () => {
  const { database, ...added } = backups.services;

  it('gives the server the settings that a host gets by file', () => {
    const given = new Map(
      (database?.command ?? []).slice(1).map((option) => {
        const [name = '', ...value] = option.slice('-c'.length).split('=');
        return [name, value.join('=')];
      }),
    );
    expect(given).toEqual(serverSettings);
  });

  it('adds only what has the profile "backup"', () => {
    expect(Object.keys(added)).toEqual(['dump-role', 'backup']);
    for (const service of Object.values(added)) expect(service.profiles).toEqual(['backup']);
    expect(scriptCommands).toContain(backups.services['backup']?.command?.[0]);
  });

  it('leans on services and volumes that there are', () => {
    const services = Object.keys({ ...whole.services, ...backups.services });
    const volumes = Object.keys({ ...whole.volumes, ...backups.volumes });
    for (const service of Object.values(backups.services)) {
      expect(services).toEqual(expect.arrayContaining(Object.keys(service.depends_on ?? {})));
      for (const volume of service.volumes ?? []) expect(volumes).toContain(volume.split(':')[0]);
    }
  });

  it('lets whoever backs up read the database’s files, not write them', () => {
    expect(backups.services['backup']?.volumes).toContain('database:/var/lib/postgresql:ro');
  });
});
