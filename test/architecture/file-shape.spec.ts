import { describe, expect, it } from '@jest/globals';
import { badlyNamed, tooLong } from './rules/file-shape.js';
import { sourceFiles } from './rules/source-files.js';

const file = (path: string, lines = 1): { path: string; text: string } => ({
  path,
  text: 'a;\n'.repeat(lines),
});

describe('a source file', () => {
  it('has one job, so it stays short', () => {
    expect(tooLong([...sourceFiles('src'), ...sourceFiles('test')])).toEqual([]);
  });

  it('has a name that says what it is', () => {
    expect(badlyNamed(sourceFiles('src'))).toEqual([]);
  });

  it.each([
    ['src/users/users.module.ts', 60],
    ['src/users/users.controller.ts', 200],
    ['src/users/users.service.ts', 350],
    ['src/users/user.repository.ts', 300],
    ['src/users/users.queries.ts', 300],
    ['src/users/user.entity.ts', 150],
    ['src/users/dto/user.dto.ts', 80],
    ['src/users/users.errors.ts', 120],
    ['src/users/users.types.ts', 120],
    ['src/users/users.service.spec.ts', 400],
    ['src/common/ids.ts', 300],
  ])('is refused when %s passes %i lines', (path, stop) => {
    expect(tooLong([file(path, stop)])).toEqual([]);
    expect(tooLong([file(path, stop + 1)])).toHaveLength(1);
  });

  it.each([
    'src/users/helpers.ts',
    'src/users/UsersService.ts',
    'src/users/users_service.ts',
    'src/users/users.stuff.ts',
    'src/users/dto/user.ts',
  ])('is refused as %s', (path) => {
    expect(badlyNamed([file(path)])).toHaveLength(1);
  });

  it.each([
    'src/users/users.service.ts',
    'src/users/users.service.spec.ts',
    'src/users/dto/create-user.dto.ts',
    'src/stock-import/parse/csv-header.ts',
    'src/common/ids.ts',
    'src/main.ts',
  ])('may be called %s', (path) => {
    expect(badlyNamed([file(path)])).toEqual([]);
  });
});
