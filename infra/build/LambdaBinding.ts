import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { Architecture } from '../../lib/schema/regions.ts';
import { BuildError } from './BuildError.ts';

/** DuckDB's native binding for Lambda's processors, with glibc. */
export const LAMBDA_BINDINGS: Readonly<Record<Architecture, string>> = {
  arm64: '@duckdb/node-bindings-linux-arm64',
  x86_64: '@duckdb/node-bindings-linux-x64',
};
/** In the npm package, which has no lockfile: the entries of the bindings alone, as the lockfile has them (scripts/pack.ts). */
export const PINNED_FILE = 'infra/build/bindings.json';

const lockSchema = z.object({ packages: z.record(z.string(), z.object({}).catchall(z.unknown())) });
const pinSchema = z.object({ version: z.string(), integrity: z.string().startsWith('sha512-') });

/**
 * The release that the lockfile pins, and its tarball's hash. npm silently skips packages of other platforms, so only this
 * check ensures that the deployed binding has the version that the tests ran.
 *
 * @param code Root of the repository, or of the npm package.
 * @throws BuildError `SLUICE_BUILD_BINDING_UNPINNED`
 */
export async function pinnedBinding(code: string, architecture: Architecture) {
  const name = LAMBDA_BINDINGS[architecture];
  const pinned = join(code, PINNED_FILE);
  const file = existsSync(pinned) ? pinned : join(code, 'package-lock.json');
  const { packages } = lockSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const pin = pinSchema.safeParse(packages[`node_modules/${name}`]);
  if (!pin.success) throw new BuildError('SLUICE_BUILD_BINDING_UNPINNED', `${name}.`);
  return { name, ...pin.data };
}

/** The packages through which DuckDB depends on its bindings: some package managers let each see only its own dependencies. */
const WAY_TO_BINDINGS = ['@duckdb/node-api', '@duckdb/node-bindings'] as const;

/**
 * Folder of the binding that npm has installed for this machine; null if DuckDB does not support the machine.
 *
 * @param code The repository or the npm package, or a folder in it.
 * @param name Default this machine's own.
 */
export function installedBinding(
  code: string,
  name = `@duckdb/node-bindings-${process.platform}-${process.arch}`,
): string | null {
  const own = join(code, 'package.json');
  for (const way of [[], WAY_TO_BINDINGS]) {
    try {
      const from = way.reduce((file, dependency) => createRequire(file).resolve(dependency), own);
      return dirname(createRequire(from).resolve(`${name}/duckdb.node`));
    } catch {
      // Not there, or not by this way.
    }
  }
  return null;
}

/** Where a binding is looked for. */
export interface BindingRoots {
  /** Root of the service. A binding that had to be fetched is kept in `.sluice/bindings/` there. */
  readonly root: string;
  /** Root of the repository or the npm package, which pins the binding. Default: `root`. */
  readonly code?: string;
}

/**
 * Folder of the binding for an architecture, in the version that the lockfile pins. On a machine of that architecture npm
 * has installed it. Elsewhere npm installs it once, with the service's `.npmrc`, and refuses a tarball that has not the
 * lockfile's hash; after that no network is needed.
 *
 * @throws BuildError `SLUICE_BUILD_BINDING_UNPINNED`, `SLUICE_BUILD_BINDING_MISSING`
 */
export async function fetchBinding(
  { root, code = root }: BindingRoots,
  architecture: Architecture,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { name, version, integrity } = await pinnedBinding(code, architecture);
  const installed = installedBinding(code, name);
  if (installed !== null) return installed;
  // Another tarball of the same version gets another folder.
  const digest = createHash('sha256').update(integrity).digest('hex').slice(0, 12);
  const kept = join(root, '.sluice', 'bindings', `${basename(name)}-${version}-${digest}`);
  if (existsSync(kept)) return kept;
  const temporary = `${kept}.${randomUUID()}.tmp`;
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    const manifest = { dependencies: { [name]: version } };
    // Without the platform of the package, for which npm would refuse or silently skip it.
    const packages = { '': manifest, [`node_modules/${name}`]: { version, integrity } };
    await writeFile(join(temporary, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(temporary, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    await copyFile(join(root, '.npmrc'), join(temporary, '.npmrc')).catch(() => undefined);
    await npmCi(temporary, environment);
    await rename(join(temporary, 'node_modules', name), kept);
  } catch (error) {
    // Another process may have put the same there.
    if (existsSync(kept)) return kept;
    const said = error instanceof Error ? error.message : String(error);
    throw new BuildError('SLUICE_BUILD_BINDING_MISSING', `${name}@${version}: ${said}`, { cause: error });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return kept;
}

async function npmCi(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  // Offline, npm fails soon. By default it retries twice, for minutes.
  const retries = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-timeout=60000'];
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--loglevel=error', ...retries], {
    cwd: folder,
    // A filter meant for one workspace is not for this folder.
    env: { ...environment, npm_config_workspace: undefined, npm_config_workspaces: undefined },
    // npm is a command file on Windows, which needs a shell. No part of the line is user input.
    shell: process.platform === 'win32',
    timeout: 300_000,
  });
}
