import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Manifest } from './manifest.js';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Packages whose types are made from the cluster's own API description, by the group of `apiVersion`. */
const CUSTOM_TYPES: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

/**
 * What the API of Kubernetes would not take: fields that it does not know, that are missing, of another type.
 *
 * **Shape**: one sentence for each problem; empty when there is none.
 *
 * **Why** the compiler: the schemas that come with these types let unknown fields pass, as the cluster does without `--validate=strict`.
 * A literal of an interface does not, and the compiler names the field that was probably meant.
 */
export function typeProblems(manifests: readonly Manifest[]): string[] {
  const files = new Map(
    manifests.map((manifest, index) => [join(HERE, `manifest-${index}.ts`), sourceOf(manifest)] as const),
  );
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => files.has(path) || disk.fileExists(path),
    readFile: (path) => files.get(path) ?? disk.readFile(path),
    getSourceFile: (path, version) => {
      const text = files.get(path);
      return text === undefined
        ? disk.getSourceFile(path, version)
        : ts.createSourceFile(path, text, version);
    },
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return manifests.flatMap((manifest, index) => {
    const source = program.getSourceFile(join(HERE, `manifest-${index}.ts`));
    return ts
      .getPreEmitDiagnostics(program, source)
      .map(
        ({ messageText }) =>
          `${manifest.kind} ${manifest.metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
  });
}

function sourceOf(manifest: Manifest): string {
  const group = manifest.apiVersion.split('/')[0] ?? '';
  const from = `${CUSTOM_TYPES[group] ?? 'kubernetes-models'}/${manifest.apiVersion}/${manifest.kind}`;
  return `import type { I${manifest.kind} } from '${from}';
export const manifest: I${manifest.kind} = ${JSON.stringify(manifest, null, 2)};
`;
}
