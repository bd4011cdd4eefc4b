import { copyFileSync, cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LAMBDA_BINDINGS, PINNED_FILE } from '../../infra/build/duckDbBinding.ts';
import { buildCode } from './buildCode.ts';
import { buildTypes } from './buildTypes.ts';
import { packageManifest } from './packageManifest.ts';

/** Options of a build. */
interface PackageBuild {
  /** The repository's folder. */
  readonly root: string;
  /** An empty folder. */
  readonly folder: string;
  /** The version that the package gets. */
  readonly version: string;
}

/** Files that are copied into the package as they are, and folders with everything in them. */
const COPIED = [
  'LICENSE',
  'CHANGELOG.md',
  'SECURITY.md',
  'docs',
  'examples',
  'packages/local-aws/README.md',
  'packages/local-aws/docs',
] as const;

/**
 * Builds the npm package. It has JavaScript of the sources, in their folders, because Node reads no TypeScript below
 * `node_modules`; the types of what `sluice.config.ts` imports; the console's page, bundled; and the documentation that
 * commands refer to.
 *
 * @throws Error when a dependency has no exact version, or types can't be made.
 */
export async function buildPackage({ root, folder, version }: PackageBuild): Promise<void> {
  const imported = await buildCode(root, folder);
  buildTypes(root, folder);
  const manifest = packageManifest(root, version, imported);
  writeJson(join(folder, 'package.json'), manifest);
  writeJson(join(folder, PINNED_FILE), pinnedBindings(root));
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  copyFileSync(join(root, 'scripts', 'pack', 'README.md'), join(folder, 'README.md'));
  linkWhatIsThere(folder);
}

/** Matches a block of code, code in a line, or a link to a file beside the page: the link's text and its target. */
const LINK = /^ *(```|~~~)[\s\S]*?^ *\1$|`[^`\n]*`|\[([^\]]+)\]\(([^)\s:]+)\)/gm;

/** Replaces links to files that only the repository has, such as a source or CONTRIBUTING.md, by the links' texts. */
function linkWhatIsThere(folder: string): void {
  for (const page of globSync('**/*.md', { cwd: folder })) {
    const file = join(folder, page);
    const linked = readFileSync(file, 'utf8').replace(LINK, (whole, _, text = whole, target = '') =>
      existsSync(join(dirname(file), target.split('#')[0])) ? whole : text,
    );
    writeFileSync(file, linked);
  }
}

/**
 * The lockfile's entries of DuckDB's bindings for Lambda. They are in a file of their own, because npm puts no lockfile
 * into a package.
 */
function pinnedBindings(root: string): unknown {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const entries = Object.values(LAMBDA_BINDINGS).map((name) => {
    const { version, integrity } = packages[`node_modules/${name}`];
    return [`node_modules/${name}`, { version, integrity }];
  });
  return { packages: Object.fromEntries(entries) };
}

/** Writes a file of JSON. */
function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
