import { readdirSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';

/** `${file(./settings.yml):memory}`: the quote, and the path, which may have variables. */
const FILE = /(\$\{file\(\s*)(["']?)((?:\$\{[^}]*\}|[^)"',])+)/g;
/** `${env:TOPIC_ARN, 'none'}`. */
const ENV = /\$\{env:(\w+)/g;
const VARIABLE = '${';
/** Characters that Serverless would read as its own notation. */
const NOTATION = /[(),"'{}]/;

/** The inputs that serverless.yml names besides Sluice's own. */
export interface NamedInputs {
  /** Paths of files, whether they are there or not. For a path with variables in it, all files of its kind in the folder. */
  readonly files: readonly string[];
  /** Names of environment variables. */
  readonly variables: readonly string[];
}

/** @param root Where serverless.yml is: its paths begin there. */
export function namedInputs(yml: string, root: string): NamedInputs {
  const files = [...yml.matchAll(FILE)].flatMap(([, , , written = '']) => {
    const path = written.trim();
    const at = path.indexOf(VARIABLE);
    if (at === -1) return [resolve(root, path)];
    const folder = resolve(root, dirname(`${path.slice(0, at)}x`));
    return filesOf(folder).filter((file) => extname(file) === extname(path));
  });
  const variables = [...yml.matchAll(ENV)].map(([, name = '']) => name);
  return { files: [...new Set(files)], variables: [...new Set(variables)].sort() };
}

/** serverless.yml for a folder elsewhere: its files have absolute paths. */
export function withAbsoluteFiles(yml: string, root: string): string {
  if (NOTATION.test(root)) return yml;
  return yml.replace(FILE, (all: string, begin: string, quote: string, path: string) =>
    isAbsolute(path) || path.startsWith(VARIABLE) ? all : `${begin}${quote}${join(root, path)}`,
  );
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => join(folder, name));
  } catch {
    // Serverless says by name what it does not find.
    return [];
  }
}
