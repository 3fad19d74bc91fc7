import { describe, expect, it } from '@jest/globals';
import { migrationProblems } from './rules/migration-shape.js';
import { sourceFiles } from './rules/source-files.js';

const SOUND = `export class A extends Migration {
  override up(): void { this.addSql('create table a (id int)'); }
  override down(): void { this.addSql('drop table a'); }
}`;

describe('migrations', () => {
  it('are numbered without gaps and lead both ways', () => {
    expect(sourceFiles('migrations').length).toBeGreaterThan(0);
    expect(migrationProblems(sourceFiles('migrations'))).toEqual([]);
  });

  it.each([
    ['a name without a number', [['create_a.ts', SOUND]], 'NNN_description'],
    ['a name in another style', [['001-create-a.ts', SOUND]], 'NNN_description'],
    [
      'a gap',
      [
        ['001_a.ts', SOUND],
        ['003_c.ts', SOUND],
      ],
      '002 is missing',
    ],
    [
      'a number taken twice',
      [
        ['001_a.ts', SOUND],
        ['001_b.ts', SOUND],
      ],
      '002 is missing',
    ],
    ['no way back', [['001_a.ts', SOUND.replace('down', 'back')]], 'write down()'],
    ['an empty way back', [['001_a.ts', SOUND.replace("this.addSql('drop table a');", '')]], 'write down()'],
    ['no way up', [['001_a.ts', SOUND.replace('up', 'forth')]], 'write up()'],
    ['two classes', [['001_a.ts', SOUND + SOUND]], 'exactly one'],
  ] as const)('are refused with %s', (_case, files, message) => {
    const problems = migrationProblems(files.map(([name, text]) => ({ path: `migrations/${name}`, text })));
    expect(problems).toEqual([expect.stringContaining(message)]);
  });
});
