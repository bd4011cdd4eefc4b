import { randomUUID } from 'node:crypto';
import { copyFile, link, lstat, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nodeErrorCode } from '../../lib/base/errors.ts';
import type { Architecture } from '../../lib/schema/regions.ts';
import { BuildError } from './BuildError.ts';
import { type BindingRoots, fetchBinding, installedBinding, LAMBDA_BINDINGS } from './duckDbBinding.ts';

/** Files that a binding must contain. */
const BINDING_FILES = ['duckdb.node', 'libduckdb.so'] as const;

/**
 * The bytes below which a function's code and layers must be, unzipped:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. Lambda's error says "must be smaller than
 * 262144000 bytes".
 */
export const UNZIPPED_BYTES = 250 * 1024 * 1024;
/**
 * `e_machine` of an ELF file for each architecture:
 * https://github.com/ARM-software/abi-aa/blob/main/aaelf64/aaelf64.rst and https://gitlab.com/x86-psABIs/x86-64-ABI
 */
const ELF_MACHINES: Readonly<Record<Architecture, number>> = { arm64: 183, x86_64: 62 };
/** The place of `e_machine` in an ELF file, bytes. */
const MACHINE_OFFSET = 18;

/** The place at which a function finds DuckDB's binding. */
export type BindingHost =
  /** On Lambda the binding is in the artifact. */
  | 'lambda'
  /** On this machine, where the local cloud runs functions, npm has installed the binding. */
  | 'here';

/**
 * Adds DuckDB's binding to a bundle. For Lambda it is copied into `build/<function>/node_modules/`, which is packaged.
 * For this machine `build/node_modules/` links to it, which is not packaged.
 *
 * @param roots The folder of the service, which has `build/` in it, and that of the code.
 * @param folder The folder of the bundle.
 * @param environment That of npm, if it has to fetch the binding.
 * @throws BuildError as {@link fetchBinding}; what {@link requireArtifact} throws; what the file system throws.
 */
export async function placeBinding(
  roots: BindingRoots,
  folder: string,
  host: BindingHost,
  architecture: Architecture,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (host === 'here') return linkInstalled(folder);
  const fetched = await fetchBinding(roots, architecture, environment);
  const folderOf = (binding: string) => join(folder, 'node_modules', ...binding.split('/'));
  const wanted = LAMBDA_BINDINGS[architecture];
  // The binding of an earlier build for another architecture would be packaged, too.
  for (const binding of Object.values(LAMBDA_BINDINGS))
    if (binding !== wanted) await rm(folderOf(binding), { recursive: true, force: true });
  const target = folderOf(wanted);
  await mkdir(target, { recursive: true });
  for (const name of await readdir(fetched)) {
    await rm(join(target, name), { force: true });
    // The binding has 60 MB, and a link avoids a copy where the file system allows it.
    await link(join(fetched, name), join(target, name)).catch(() =>
      copyFile(join(fetched, name), join(target, name)),
    );
  }
  await requireArtifact(folder, architecture);
}

/**
 * Requires that a function's folder has the binding for Lambda and is within Lambda's size limit.
 *
 * @throws BuildError `SLUICE_BUILD_BINDING_WRONG`, `SLUICE_BUILD_TOO_LARGE`; what the file system throws of a file that cannot be read.
 */
export async function requireArtifact(folder: string, architecture: Architecture): Promise<void> {
  for (const name of BINDING_FILES) {
    const path = join(folder, 'node_modules', ...LAMBDA_BINDINGS[architecture].split('/'), name);
    const machine = await machineOf(path);
    const expected = ELF_MACHINES[architecture];
    if (machine === expected) continue;
    const detail = `${name} ${foundText(machine)}, expected ${architecture}.`;
    throw new BuildError('SLUICE_BUILD_BINDING_WRONG', detail);
  }
  const bytes = await bytesOf(folder);
  if (bytes >= UNZIPPED_BYTES) {
    throw new BuildError(
      'SLUICE_BUILD_TOO_LARGE',
      `${basename(folder)}: ${bytes} of ${UNZIPPED_BYTES} bytes.`,
    );
  }
}

/** What was found in place of a library. @param machine As of {@link machineOf}. */
function foundText(machine: number | null | undefined): string {
  if (machine === undefined) return 'is not there';
  if (machine === null) return 'is no library of Linux';
  const known = Object.entries(ELF_MACHINES).find(([, number]) => number === machine);
  return known === undefined ? `is for e_machine ${machine}` : `is for ${known[0]}`;
}

/** Reads `e_machine` of an ELF file; null for other files, undefined for one that is not there. */
async function machineOf(path: string): Promise<number | null | undefined> {
  const file = await open(path).catch((error: unknown) => {
    if (nodeErrorCode(error) !== 'ENOENT') throw error;
  });
  if (file === undefined) return undefined;
  try {
    const header = Buffer.alloc(MACHINE_OFFSET + 2);
    const { bytesRead } = await file.read(header, 0, header.byteLength, 0);
    const isElf = bytesRead === header.byteLength && header.subarray(0, 4).toString('latin1') === '\x7fELF';
    return isElf ? header.readUInt16LE(MACHINE_OFFSET) : null;
  } finally {
    await file.close();
  }
}

/** Bytes of all files of a folder and those below it. */
async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await lstat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

/** Links the binding that npm has installed. A missing one is reported when a function that needs it is invoked. */
async function linkInstalled(folder: string): Promise<void> {
  const installed = installedBinding(import.meta.dirname);
  if (installed === null) return;
  const linkPath = join(dirname(folder), 'node_modules', '@duckdb', basename(installed));
  await mkdir(dirname(linkPath), { recursive: true });
  // An earlier link may lead to a folder that is gone, and functions are built side by side.
  const fresh = `${linkPath}.${randomUUID()}.tmp`;
  await symlink(installed, fresh, 'junction');
  await rename(fresh, linkPath);
}
