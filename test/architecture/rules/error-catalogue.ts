import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** An error code and where the source says it. */
export interface UsedCode {
  readonly code: string;
  readonly place: string;
}

const CODE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const KINDS = new Set([
  ...['invalid', 'unauthenticated', 'forbidden', 'not-found', 'conflict', 'stale', 'too-large'],
  ...['unsupported-media', 'refused', 'timeout', 'too-many', 'unavailable'],
]);

/**
 * The codes that clients may see: the second argument of every `super(kind, code, …)` and `new DomainError(kind, code, …)`,
 * and every `code: '…'` of an object in `src/http`, where the framework's own errors get theirs.
 *
 * **Errors**: a code that is not written out there is reported as the code `?`, because no test could look it up.
 */
export function usedCodes(files: readonly SourceFile[]): readonly UsedCode[] {
  return files
    .filter(({ path }) => !path.endsWith('.spec.ts'))
    .flatMap((file) => {
      const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
      return [...codesIn(tree, file.path)];
    });
}

function* codesIn(tree: ts.SourceFile, path: string): Generator<UsedCode> {
  const nodes: ts.Node[] = [tree];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    ts.forEachChild(node, (child) => void nodes.push(child));
    const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
    for (const code of codesOf(node, path)) yield { code, place: `${path}:${line}` };
  }
}

function codesOf(node: ts.Node, path: string): readonly string[] {
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) {
    return codeArgument(node.arguments);
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'DomainError') {
    return codeArgument(node.arguments ?? []);
  }
  if (path.startsWith('src/http/') && ts.isPropertyAssignment(node) && node.name.getText() === 'code') {
    return ts.isStringLiteral(node.initializer) ? [node.initializer.text] : [];
  }
  return [];
}

/** The code among the arguments of a domain error; nothing for the constructor of any other class. */
function codeArgument(args: readonly ts.Expression[]): readonly string[] {
  const [kind, code] = args;
  if (kind === undefined || code === undefined) return [];
  if (!ts.isStringLiteral(kind) || !KINDS.has(kind.text)) return [];
  return ts.isStringLiteral(code) && CODE.test(code.text) ? [code.text] : ['?'];
}

/** The codes listed in the catalogue: the first cell of each row of its tables, in back-quotes. */
export function listedCodes(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^\|\s*`([^`]+)`\s*\|/gm)].map(([, code = '']) => code);
}

/**
 * What is wrong between source and catalogue, one message each.
 *
 * A listed code counts as used when it is written in the source at all: a few travel through a variable.
 */
export function catalogueProblems(files: readonly SourceFile[], markdown: string): readonly string[] {
  const used = usedCodes(files);
  const listed = listedCodes(markdown);
  const written = files.map(({ text }) => text).join('\n');
  return [
    ...used
      .filter(({ code }) => code === '?')
      .map(({ place }) => `${place}: write the code out as a string, so that it can be looked up.`),
    ...used
      .filter(({ code }) => code !== '?' && !listed.includes(code))
      .map(({ code, place }) => `${place}: add a row for \`${code}\` to docs/errors.md.`),
    ...listed
      .filter((code) => !written.includes(`'${code}'`))
      .map((code) => `docs/errors.md lists \`${code}\`, which nothing in src uses: remove the row.`),
    ...listed
      .filter((code, index) => listed.indexOf(code) !== index)
      .map((code) => `docs/errors.md lists \`${code}\` twice.`),
  ];
}
