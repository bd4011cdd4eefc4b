import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Architecture } from '../../lib/schema/regions.ts';
import {
  BINDING_FILES,
  BuildError,
  installedBinding,
  type LambdaBinding,
  pinnedBinding,
} from './LambdaBinding.ts';

/** npm's own file: other package managers set `npm_execpath`, too. */
const NPM = /[\\/]npm(-cli)?\.js$/;
/** Time limit of npm for 22 MB, milliseconds. */
const DEADLINE_MS = 300_000;
/** Offline, npm fails soon. By default it retries twice, for minutes. */
const NPM_SETTINGS = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-timeout=60000'];

/** Where a binding is looked for. */
export interface BindingRoots {
  /** Root of the service. A binding that had to be fetched is kept in `.sluice/bindings/` there. */
  readonly root: string;
  /** Root of the repository or the npm package, which pins the binding. Default: `root`. */
  readonly code?: string;
}

/** Puts a package's tarball into a folder. */
export type PackPackage = (specifier: string, folder: string) => Promise<void>;

/**
 * Folder of the binding for an architecture, in the version that the lockfile pins. On a machine of that architecture npm
 * has installed it. Elsewhere npm fetches it once into `.sluice/bindings/`; after that no network is needed.
 *
 * @param pack Default: `npm pack`, with npm's own registry and proxy settings.
 * @throws BuildError `SLUICE_BUILD_BINDING_UNPINNED`, `SLUICE_BUILD_BINDING_MISSING`, `SLUICE_BUILD_BINDING_WRONG`
 */
export async function fetchBinding(
  { root, code = root }: BindingRoots,
  architecture: Architecture,
  pack: PackPackage = npmPack,
): Promise<string> {
  const binding = await pinnedBinding(code, architecture);
  const installed = installedBinding(code, binding.name);
  if (installed !== null) return installed;
  const kept = join(root, '.sluice', 'bindings', folderName(binding));
  if (isWhole(kept)) return kept;
  const temporary = `${kept}.${randomUUID()}.tmp`;
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    const whole = await unpack(await fetchTarball(binding, temporary, pack), join(temporary, 'whole'));
    await putInPlace(whole, kept, join(temporary, 'incomplete'));
    return kept;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Attempts to put a folder in place of an incomplete one, while other processes do the same. */
const MOST_MOVES = 5;

/**
 * Moves a whole folder into place, unless another process has just put the same there. An incomplete one is moved away in
 * one step: deleting it in place could delete files of the folder that another process puts there meanwhile.
 */
async function putInPlace(whole: string, kept: string, away: string): Promise<void> {
  for (let move = 1; ; move += 1) {
    try {
      await rename(whole, kept);
      return;
    } catch (error) {
      if (isWhole(kept)) return;
      if (move === MOST_MOVES) throw error;
    }
    // Another process may have moved it away: the next attempt shows it.
    await rename(kept, `${away}-${move}`).catch(() => undefined);
  }
}

/** The folder's name contains the hash, so another tarball of the same version gets another folder. */
function folderName({ name, version, integrity }: LambdaBinding): string {
  const digest = createHash('sha256').update(integrity).digest('hex').slice(0, 12);
  return `${basename(name)}-${version}-${digest}`;
}

/** The folder is moved into place in one step, so if it exists it is complete. */
function isWhole(folder: string): boolean {
  return BINDING_FILES.every((name) => existsSync(join(folder, name)));
}

async function fetchTarball(
  { name: packageName, version, integrity }: LambdaBinding,
  folder: string,
  pack: PackPackage,
): Promise<Uint8Array> {
  const specifier = `${packageName}@${version}`;
  try {
    await pack(specifier, folder);
  } catch (error) {
    // With what npm said.
    const said = error instanceof Error ? error.message : String(error);
    throw new BuildError('SLUICE_BUILD_BINDING_MISSING', `${specifier}: ${said}`, { cause: error });
  }
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw new BuildError('SLUICE_BUILD_BINDING_MISSING', `${specifier}.`);
  const tarball = await readFile(join(folder, name));
  const found = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  if (found !== integrity) {
    throw new BuildError('SLUICE_BUILD_BINDING_WRONG', `${specifier}: expected ${integrity}, got ${found}.`);
  }
  return tarball;
}

async function unpack(tarball: Uint8Array, folder: string): Promise<string> {
  await mkdir(folder);
  const wanted: ReadonlySet<string> = new Set([...BINDING_FILES, 'package.json', 'LICENSE']);
  for (const { path, content } of readTar(await promisify(gunzip)(tarball))) {
    // npm packs everything into one folder, `package/`.
    const name = path.split('/').slice(1).join('/');
    if (wanted.has(name)) await writeFile(join(folder, name), content);
  }
  if (!isWhole(folder))
    throw new BuildError('SLUICE_BUILD_BINDING_WRONG', `Without ${BINDING_FILES.join(', ')}.`);
  return folder;
}

async function npmPack(specifier: string, folder: string): Promise<void> {
  const npm = process.env.npm_execpath;
  const [command, first] = npm !== undefined && NPM.test(npm) ? [process.execPath, [npm]] : ['npm', []];
  const args = [...first, 'pack', specifier, '--pack-destination', folder, ...NPM_SETTINGS];
  await promisify(execFile)(command, args, {
    cwd: folder,
    // npm is a command file on Windows, which needs a shell. No part of the line is user input.
    shell: process.platform === 'win32' && command === 'npm',
    timeout: DEADLINE_MS,
  });
}

/** One file of an archive. */
export interface TarFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;
/** Types of entries that are plain files: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar) */
const PLAIN: ReadonlySet<string> = new Set(['0', '\0', '']);

/**
 * The plain files of a tar archive as npm packs it, with names of at most 100 characters.
 *
 * @throws RangeError if the archive is truncated.
 */
export function* readTar(archive: Uint8Array): Generator<TarFile> {
  const text = (from: number, length: number) =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= archive.byteLength; ) {
    const path = text(at, 100);
    if (path === '') return;
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    const end = at + BLOCK + size;
    if (!Number.isSafeInteger(size) || end > archive.byteLength) {
      throw new RangeError(`${path}: the archive ends before it does.`);
    }
    if (PLAIN.has(text(at + 156, 1))) yield { path, content: archive.subarray(at + BLOCK, end) };
    at = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
