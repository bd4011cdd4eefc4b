import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { VERSION } from '../../lib/base/version.ts';
import { functionConfig } from '../../lib/config/functionConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import { exportsForStatsig } from '../../lib/schema/exports.ts';
import { BuildError } from './BuildError.ts';
import { type BindingHost, placeBinding } from './placeBinding.ts';

/** Settings of {@link bundleFunctions}. */
interface BundleRequest {
  /** Folder of the service: bundles are written to `build/<function>/` in it. */
  readonly root: string;
  /** The folder that contains `functions/`: the repository, or the npm package. Default: `root`. */
  readonly code?: string;
  /** Names of the functions, as in serverless.yml. */
  readonly functions: readonly string[];
  /** The configuration. Each bundle contains the part that its function uses, in place of `#config`. */
  readonly config: Config;
  /** Where the functions will run. Default: on Lambda. */
  readonly host?: BindingHost;
}

/** One bundled function. */
export interface Bundle {
  /** Name of the function: `collect`. */
  readonly name: string;
  /** Absolute path of the module. Its source map and its lazy chunks are beside it. */
  readonly file: string;
  /** Bytes of all its modules. */
  readonly bytes: number;
  /** The bundled source files, relative to the root. */
  readonly inputs: readonly string[];
}

/**
 * The functions that run DuckDB in a process of its own. lib/drops/engine/childEngine.ts finds that process beside the
 * handler.
 */
const OWN_PROCESS: ReadonlySet<string> = new Set(['ingest-load']);

/** Prefix of the package names of DuckDB's native bindings. The rest names the kind of machine. */
const BINDINGS = '@duckdb/node-bindings-';

/** Dependencies in CommonJS call `require`, which an ES module must create. */
const REQUIRE =
  "import{createRequire as sluiceRequire}from'node:module';const require=sluiceRequire(import.meta.url);";

/** Options of esbuild for Lambda's Node 24. */
const lambdaModule = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // ES modules come before CommonJS, because esbuild cannot tree-shake CommonJS.
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  banner: { js: REQUIRE },
  logLevel: 'silent',
} satisfies BuildOptions;

/**
 * Bundles each function into a minified ES module for Lambda's Node 24, `handler.mjs`, and a `chunk-….mjs` for each lazy
 * import, which costs nothing at a cold start. The AWS SDK is included: the runtime's own copy is older, unpinned and
 * slower to load
 * (https://aws.amazon.com/blogs/developer/reduce-lambda-cold-start-times-migrate-to-aws-sdk-for-javascript-v3/).
 *
 * A function that runs DuckDB also gets its binding ({@link placeBinding}).
 *
 * @throws BuildError `SLUICE_BUILD_FUNCTION_MISSING`, `SLUICE_BUILD_FAILED`, and those of {@link placeBinding}
 */
export async function bundleFunctions(request: BundleRequest): Promise<Bundle[]> {
  const { code = request.root } = request;
  const missing = request.functions.filter((name) => !existsSync(entryOf(code, name)));
  if (missing.length > 0) {
    throw new BuildError(
      'SLUICE_BUILD_FUNCTION_MISSING',
      missing.map((name) => `${name}: expected functions/${name}/handler.ts.`).join(' '),
    );
  }
  return Promise.all(request.functions.map((name) => bundle(request, name)));
}

/** The module beside a bundle that is of any configuration: what its function uses of this one. */
const CONFIG_MODULE = 'config.mjs';

/**
 * Links `build/<function>/` to bundles in a folder, and makes those that are not there yet. A bundle is made once, `<function>/`, for
 * any configuration. Those that differ in nothing that the function uses share a copy, `<function>-<digest>/`, which has it as a
 * module. Several processes may do it at the same time.
 *
 * @param kept The folder. All of its bundles are of the same sources, which are not compared.
 * @throws BuildError as {@link bundleFunctions}
 */
export async function linkBundles(request: BundleRequest, kept: string): Promise<void> {
  const { root, code = root, functions, config } = request;
  await mkdir(join(root, 'build'), { recursive: true });
  const linkBundle = async (name: string) => {
    const used = constantsOf(name, config)['#config'];
    const made = join(kept, name);
    await makeOnce(made, (workFolder) =>
      bundle({ ...request, root: workFolder, code }, name, { isOfAnyConfig: true }),
    );
    const placed = `${made}-${createHash('sha256').update(used).digest('hex')}`;
    await makeOnce(placed, async (workFolder) => {
      // Not linked: Node looks for a module beside the file that a symbolic link leads to.
      await cp(made, workFolder, { recursive: true, verbatimSymlinks: true });
      await writeFile(join(workFolder, 'build', name, CONFIG_MODULE), moduleOf(used));
    });
    await symlink(join(placed, 'build', name), join(root, 'build', name), 'junction');
  };
  await Promise.all(functions.map(linkBundle));
}

/** Makes a folder unless it is there. It is moved into place whole. */
async function makeOnce(folder: string, make: (workFolder: string) => Promise<unknown>): Promise<void> {
  if (existsSync(folder)) return;
  const workFolder = join(dirname(folder), `.${randomUUID()}`);
  await mkdir(workFolder, { recursive: true });
  try {
    await make(workFolder);
    await rename(workFolder, folder);
  } catch (error) {
    await rm(workFolder, { recursive: true, force: true });
    // Another process that makes the same folder may have been first.
    if (!existsSync(folder)) throw error;
  }
}

/**
 * Bundles one function.
 *
 * @param options.isOfAnyConfig Whether the configuration stays a module beside the bundle. Default: it is in the bundle.
 * @throws BuildError as {@link bundleFunctions}
 */
async function bundle(
  { root, code = root, config, host = 'lambda' }: BundleRequest,
  name: string,
  { isOfAnyConfig }: { readonly isOfAnyConfig: boolean } = { isOfAnyConfig: false },
): Promise<Bundle> {
  const folder = join(root, 'build', name);
  const result = await build({
    absWorkingDir: root,
    entryPoints: {
      handler: entryOf(code, name),
      ...(OWN_PROCESS.has(name)
        ? { engineProcess: join(code, 'lib', 'drops', 'engine', `engineProcess${EXTENSION}`) }
        : {}),
    },
    outdir: folder,
    chunkNames: 'chunk-[hash]',
    outExtension: { '.js': '.mjs' },
    splitting: true,
    write: false,
    ...lambdaModule,
    // DuckDB's bindings are native packages, one for each platform. lib/parquet loads the one that is present.
    external: [`${BINDINGS}*`],
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    plugins: [constantModules(name, config, isOfAnyConfig)],
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BuildError('SLUICE_BUILD_FAILED', `${name}: ${reason}`, { cause: error });
  });
  let bytes = 0;
  for (const output of result.outputFiles) {
    await replaceFile(output.path, output.contents);
    if (output.path.endsWith('.mjs')) bytes += output.contents.byteLength;
  }
  if (needsDuckDb(result.metafile) && (isOfAnyConfig || runsDuckDb(name, config)))
    await placeBinding({ root, code }, folder, host, config.architecture);
  await removeOthers(folder, new Set(result.outputFiles.map(({ path }) => basename(path))));
  return { name, file: join(folder, 'handler.mjs'), bytes, inputs: Object.keys(result.metafile.inputs) };
}

/** Whether a function runs DuckDB. Exports that copy files never load the code that rewrites them. */
function runsDuckDb(name: string, config: Config): boolean {
  return name !== 'export' || exportsForStatsig(config);
}

/** Whether a module of a bundle imports the binding of DuckDB. */
function needsDuckDb({ outputs }: Metafile): boolean {
  return Object.values(outputs).some(({ imports }) => imports.some(({ path }) => path.startsWith(BINDINGS)));
}

/** The extension of this file: `.ts` in the repository, `.js` in the npm package, which is built (scripts/pack.ts). */
const EXTENSION = extname(import.meta.filename);

/** The path of the handler of a function. */
function entryOf(code: string, name: string): string {
  return join(code, 'functions', name, `handler${EXTENSION}`);
}

/** Removes the chunks of an earlier build, which would be packaged, too. */
async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^chunk-\w+\.mjs(?:\.map)?$/.test(name) && !kept.has(name))
      await rm(join(folder, name), { force: true });
  }
}

/** Writes a file atomically, because another process may read or write it at the same time. */
async function replaceFile(path: string, contents: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

/** The name of the plugin, and of the modules that it makes. */
const NAMESPACE = 'sluice-constants';

/**
 * Replaces `#config` with the part of the validated configuration that a function uses, as plain data, and `#package` with
 * the version. A deployed function does not validate the configuration again, and contains neither the configuration file
 * nor what other functions use.
 *
 * @param name The function's name. A function that lib/config/functionConfig.ts does not list gets none of it.
 * @param isOfAnyConfig Whether the configuration stays a module beside the bundle.
 */
function constantModules(name: string, config: Config, isOfAnyConfig: boolean): Plugin {
  const constants: Readonly<Record<string, string>> = constantsOf(name, config);
  return {
    name: NAMESPACE,
    setup(bundling) {
      bundling.onResolve({ filter: /^#(config|package)$/ }, ({ path }) =>
        isOfAnyConfig && path === '#config'
          ? { path: `./${CONFIG_MODULE}`, external: true }
          : { path, namespace: NAMESPACE },
      );
      bundling.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
        contents: moduleOf(constants[path] ?? 'null'),
        loader: 'js',
      }));
    },
  };
}

/** A module whose default export is a value. @param json The value. */
function moduleOf(json: string): string {
  return `export default ${json};`;
}

/** The contents of the modules that are replaced, as JSON. */
function constantsOf(name: string, config: Config): Readonly<Record<'#config' | '#package', string>> {
  const [, partOf] = Object.entries(functionConfig).find(([functionName]) => functionName === name) ?? [];
  const used = partOf?.(config) ?? {};
  return { '#config': JSON.stringify(used), '#package': JSON.stringify({ version: VERSION }) };
}
