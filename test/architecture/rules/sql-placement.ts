import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/**
 * Statements that touch tables or change the schema. `begin`, `set` and `show` are left out: they name no table, and
 * transactions are run by services.
 */
const STATEMENT = new RegExp(
  String.raw`^[\s(]*(with\s[\s\S]*?\)\s*)?(` +
    [
      String.raw`select\b[\s\S]*?\bfrom\s`,
      String.raw`select\s+(pg_|set_config|now\()`,
      String.raw`insert\s+into\s`,
      String.raw`update\s+(only\s+)?[\w."$\{\}]+\s+(as\s+\w+\s+)?set\s`,
      String.raw`delete\s+from\s`,
      String.raw`merge\s+into\s`,
      String.raw`truncate\s`,
      String.raw`(create|alter|drop)\s+(or\s+replace\s+)?((unique|temp|temporary|unlogged)\s+)?(table|index|role|user|database|schema|function|trigger|type|view|policy|sequence)\s`,
      String.raw`(grant|revoke)\s[\s\S]*\s(on|to|from)\s`,
      String.raw`copy\s+[\w."$\{\}]+\s*(\([^)]*\)\s*)?(from|to)\s`,
    ].join('|') +
    ')',
);

const ALLOWED = /\.(queries|repository)\.ts$/;
const EXEMPT = /\.spec\.ts$/;
/** An index on an expression can only be declared as SQL, and belongs to the entity so that drift is found. */
const INDEX = /^\s*create\s+(unique\s+)?index\s/;

/** Finds SQL outside of the places where it may stand. **Shape**: one message per finding, which names the right file. */
export function misplacedSql(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => !ALLOWED.test(path) && !EXEMPT.test(path))
    .flatMap((file) => [...findings(file)]);
}

function* findings(file: SourceFile): Generator<string> {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const nodes: ts.Node[] = [tree];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    ts.forEachChild(node, (child) => void nodes.push(child));
    if (isMisplaced(node, file.path)) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
      yield `${file.path}:${line} holds SQL. Move it to ${rightPlace(file.path)}: ${node.getText(tree).replaceAll(/\s+/g, ' ').slice(0, 60)}`;
    }
  }
}

function isMisplaced(node: ts.Node, path: string): boolean {
  const text = textOf(node);
  if (text === null) return isExecuteOfText(node);
  // Keywords are all of one case: "Select a file from the list" is prose.
  const [firstWord = ''] = /[a-z]+/i.exec(text) ?? [];
  const sql = firstWord === firstWord.toUpperCase() ? text.toLowerCase() : text;
  return STATEMENT.test(sql) && !(path.endsWith('.entity.ts') && INDEX.test(sql));
}

function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map((span) => `\${}${span.literal.text}`).join('');
}

/** `connection.execute('…')`: whatever the text says, it goes to the database as it is. */
function isExecuteOfText(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  if (node.expression.name.text !== 'execute') return false;
  const [first] = node.arguments;
  return first !== undefined && (ts.isStringLiteralLike(first) || ts.isTemplateExpression(first));
}

function rightPlace(path: string): string {
  const folder = path.split('/').slice(0, -1).join('/');
  const feature = folder.split('/').at(-1) ?? 'feature';
  return `${folder}/${feature}.queries.ts as an exported function, or to the feature's *.repository.ts; schema changes go to migrations/`;
}
