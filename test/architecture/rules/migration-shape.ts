import ts from 'typescript';
import type { SourceFile } from './source-files.js';

const NAME = /^migrations\/(\d{3})_[a-z0-9]+(?:_[a-z0-9]+)*\.ts$/;

/** What is wrong with the migrations: names, gaps in the numbers, a missing way up or back. */
export function migrationProblems(files: readonly SourceFile[]): readonly string[] {
  const migrations = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return migrations.flatMap(({ path, text }, index) => {
    const number = NAME.exec(path)?.[1];
    if (number === undefined) return [`${path}: name it NNN_description.ts.`];
    const expected = String(index + 1).padStart(3, '0');
    if (number !== expected)
      return [`${path}: the number ${expected} is missing or taken twice; renumber it.`];
    return missingMethods(path, text);
  });
}

function missingMethods(path: string, text: string): readonly string[] {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const classes = tree.statements.filter(ts.isClassDeclaration);
  const [migration] = classes;
  if (migration === undefined || classes.length > 1) return [`${path}: export exactly one migration class.`];
  return ['up', 'down']
    .filter((name) => !hasBody(migration, name))
    .map((name) => `${path}: write ${name}(), so that the step can be taken both ways.`);
}

function hasBody(migration: ts.ClassDeclaration, name: string): boolean {
  return migration.members
    .filter(ts.isMethodDeclaration)
    .some((method) => method.name.getText() === name && (method.body?.statements.length ?? 0) > 0);
}
