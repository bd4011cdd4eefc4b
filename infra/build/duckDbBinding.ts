import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { sluiceFolder } from '../../lib/config/sluiceFolder.ts';
import type { Architecture } from '../../lib/schema/regions.ts';
import { BuildError } from './BuildError.ts';

/** DuckDB's native binding for Lambda's processors, with glibc. */
export const LAMBDA_BINDINGS: Readonly<Record<Architecture, string>> = {
  arm64: '@duckdb/node-bindings-linux-arm64',
  x86_64: '@duckdb/node-bindings-linux-x64',
};
/** The entries of the bindings in the lockfile, and nothing else (scripts/pack.ts): the npm package has no lockfile. */
export const PINNED_FILE = 'infra/build/bindings.json';

/** A lockfile of npm, as far as it is read. */
const lockSchema = z.object({ packages: z.record(z.string(), z.object({}).catchall(z.unknown())) });
/** The entry of a binding in it. */
const pinSchema = z.object({ version: z.string(), integrity: z.string().startsWith('sha512-') });

/** The release of a binding that the lockfile pins. */
interface PinnedBinding extends Readonly<z.output<typeof pinSchema>> {
  /** The npm package. */
  readonly name: string;
}

/**
 * The release of the binding that the lockfile pins, and its tarball's hash. npm silently skips packages of other
 * platforms, so only this check ensures that the deployed binding has the version that the tests ran.
 *
 * @param code Root of the repository, or of the npm package.
 * @throws BuildError `SLUICE_BUILD_BINDING_UNPINNED`
 */
export async function pinnedBinding(code: string, architecture: Architecture): Promise<PinnedBinding> {
  const name = LAMBDA_BINDINGS[architecture];
  const pinned = join(code, PINNED_FILE);
  const file = existsSync(pinned) ? pinned : join(code, 'package-lock.json');
  const { packages } = lockSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const pin = pinSchema.safeParse(packages[`node_modules/${name}`]);
  if (!pin.success) throw new BuildError('SLUICE_BUILD_BINDING_UNPINNED', `${name}.`);
  return { name, ...pin.data };
}

/**
 * The packages through which DuckDB depends on its bindings. Some package managers let each package see only its own
 * dependencies.
 */
const WAY_TO_BINDINGS = ['@duckdb/node-api', '@duckdb/node-bindings'] as const;

/**
 * The folder of a binding that npm has installed; null if it is not installed. npm installs only that for this machine.
 *
 * @param code The repository or the npm package, or a folder in it.
 * @param name Default: the binding for this machine.
 */
export function installedBinding(
  code: string,
  name = `@duckdb/node-bindings-${process.platform}-${process.arch}`,
): string | null {
  const manifest = join(code, 'package.json');
  for (const way of [[], WAY_TO_BINDINGS]) {
    try {
      const from = way.reduce((file, dependency) => createRequire(file).resolve(dependency), manifest);
      return dirname(createRequire(from).resolve(`${name}/duckdb.node`));
    } catch {
      // The binding is not there, or can't be found in this way.
    }
  }
  return null;
}

/** The mode of a folder that only its owner uses. */
const OWNER_ALONE = 0o700;
/** Digits of a hash that tell the tarballs of one version apart. */
const DIGEST_DIGITS = 12;
/** The longest that an installation may take, milliseconds: a binding has 60 MB. */
const INSTALL_MS = 300_000;

/** The folders in which a binding is looked for. */
export interface BindingRoots {
  /** Root of the service. A binding that had to be fetched is kept in its `.sluice/bindings/`. */
  readonly root: string;
  /** Root of the repository or the npm package, which pins the binding. Default: `root`. */
  readonly code?: string;
}

/**
 * The folder of the binding for an architecture, in the version that the lockfile pins. On a machine of that
 * architecture npm has installed it. On another machine npm installs it once, with the service's `.npmrc`, and refuses
 * a tarball that does not have the lockfile's hash. After that no network is needed.
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
  const digest = createHash('sha256').update(integrity).digest('hex').slice(0, DIGEST_DIGITS);
  const kept = sluiceFolder(root, 'bindings', `${basename(name)}-${version}-${digest}`);
  if (existsSync(kept)) return kept;
  const temporary = `${kept}.${randomUUID()}.tmp`;
  await mkdir(temporary, { recursive: true, mode: OWNER_ALONE });
  try {
    const manifest = { dependencies: { [name]: version } };
    // The entry leaves out the platform of the package, for which npm would refuse or silently skip it.
    const packages = { '': manifest, [`node_modules/${name}`]: { version, integrity } };
    await writeFile(join(temporary, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(temporary, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    if (existsSync(join(root, '.npmrc'))) await copyFile(join(root, '.npmrc'), join(temporary, '.npmrc'));
    await npmCi(temporary, environment);
    await rename(join(temporary, 'node_modules', name), kept);
  } catch (error) {
    // Another process may have put the same binding there.
    if (existsSync(kept)) return kept;
    const reason = error instanceof Error ? error.message : String(error);
    throw new BuildError('SLUICE_BUILD_BINDING_MISSING', `${name}@${version}: ${reason}`, { cause: error });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return kept;
}

/** Runs `npm ci` in a folder, with the settings of a machine that may be offline. @throws Error with what npm says. */
async function npmCi(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  // Offline, npm should fail soon. By default it retries twice, for minutes.
  const retries = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-timeout=60000'];
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--loglevel=error', ...retries], {
    cwd: folder,
    // A filter that was meant for one workspace is not for this folder.
    env: { ...environment, npm_config_workspace: undefined, npm_config_workspaces: undefined },
    // npm is a command file on Windows, which needs a shell. No part of the line is user input.
    shell: process.platform === 'win32',
    timeout: INSTALL_MS,
  });
}
