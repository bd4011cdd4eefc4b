import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package in the repository. */
const root = fileURLToPath(new URL('..', import.meta.url));
/** The repository's, for the compiler and the versions of its packages. */
const repository = join(root, '..', '..');
/** A door of the package: `./src/s3/index.ts`. */
const SOURCE = /^\.\/src\/(.*)\.ts$/;
/** A path of a module in a declaration, where the compiler leaves the ending. */
const MODULE_PATH = /(["'])(\.{1,2}\/[^"'\n]+)\.ts\1/g;

/** The published package.json, as far as it is used here. */
interface PackageManifest {
  /** `local-aws` */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Versions of Node that it runs on. */
  readonly engines: { readonly node: string };
  /** The npm packages that it needs, by their names. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Those that whoever installs it brings along. */
  readonly peerDependencies: Readonly<Record<string, string>>;
  /** Its doors, by the paths that are imported. */
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  /** Members as the repository's package.json has them. */
  readonly [member: string]: unknown;
}

/**
 * Builds the npm package: JavaScript and types of every module in its place, as Node reads no TypeScript below
 * `node_modules`; and a package.json whose doors are those of the sources.
 *
 * @param folder An empty folder.
 * @returns The package.json.
 * @throws Error with what the compiler says.
 */
export function buildPackage(folder: string): PackageManifest {
  const settings = join(folder, 'tsconfig.json');
  writeFileSync(settings, JSON.stringify(compilation(folder)));
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin',
    'tsc',
  );
  const ran = spawnSync(process.execPath, [compiler, '-p', settings], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`tsc ended with ${ran.status}:\n${ran.stdout}${ran.stderr}`);
  rmSync(settings);
  for (const file of globSync(join(folder, 'dist', '**', '*.d.ts')))
    writeFileSync(file, readFileSync(file, 'utf8').replace(MODULE_PATH, '$1$2.js$1'));
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), readme.replaceAll(/\]\(src\/([^)]+)\.ts\)/g, '](dist/$1.js)'));
  cpSync(join(root, 'docs'), join(folder, 'docs'), { recursive: true });
  copyFileSync(join(repository, 'LICENSE'), join(folder, 'LICENSE'));
  const manifest = packageManifest();
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The compiler's settings for the package, whose modules become JavaScript and declarations. */
function compilation(folder: string) {
  const source = join(root, 'src');
  return {
    extends: join(repository, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      typeRoots: [join(repository, 'node_modules', '@types')],
      rootDir: source,
      outDir: join(folder, 'dist'),
    },
    include: [join(source, '**', '*.ts')],
    exclude: [],
  };
}

/** The published package.json: the repository's, with built doors and without what only the repository needs. */
function packageManifest(): PackageManifest {
  const {
    private: _,
    scripts: __,
    exports: doors,
    ...own
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const built = Object.entries<string>(doors).map(([name, path]) => {
    const place = path.replace(SOURCE, './dist/$1');
    return [name, { types: `${place}.d.ts`, default: `${place}.js` }];
  });
  return {
    ...own,
    // Not in the workspace's manifest: there, npm would warn on the Node that only installs.
    engines: { node: '>=24' },
    exports: { ...Object.fromEntries(built), './package.json': './package.json' },
    publishConfig: { access: 'public', provenance: true },
  };
}
