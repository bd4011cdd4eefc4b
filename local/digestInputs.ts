import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../lib/schema/config.ts';
import {
  isDotenv,
  PROJECT_FILES,
  SERVERLESS_YML,
  withoutSecrets,
  YML_ENV,
  YML_FILE,
} from './projectFiles.ts';

/** Folders of code that packaging reads. */
const CODE_FOLDERS = ['functions', 'infra', 'lib'] as const;
/** Files that it also reads: `package.json` of the npm package, and in the repository the one with the version. */
const CODE_FILES = ['package.json', 'cli/package.json'] as const;
/** Which versions of dependencies are bundled: the lockfile of the project, or of the folder that a workspace has it in. */
const LOCKFILES = ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'] as const;

/** Where packaging reads. */
interface PackageRoots {
  /** The root of the project, where serverless.yml is. */
  readonly root: string;
  /** Of Sluice's code: the repository or the npm package. Default: the same. */
  readonly code?: string | undefined;
}

/** Digests of what decides what packaging makes, each 32 hex digits. */
interface InputDigests {
  /** Of the files. */
  readonly files: string;
  /** Of the files, the configuration, the stage and the region. */
  readonly all: string;
}

/**
 * Digests what decides what packaging makes. The configuration counts by its value, since it may be anywhere and import
 * anything.
 */
export async function digestInputs(
  { root, code = root }: PackageRoots,
  settings: { readonly config: Config; readonly stage: string; readonly region: string },
): Promise<InputDigests> {
  const listed = await Promise.all(
    CODE_FOLDERS.map(async (folder) => {
      const entries = await readdir(join(code, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const files = [
    ...CODE_FILES.map((file) => join(code, file)),
    ...PROJECT_FILES.map((file) => join(root, file)),
    ...(await readdir(root)).filter(isDotenv).map((file) => join(root, file)),
  ];
  const yml = await readIfThere(join(root, SERVERLESS_YML));
  const text = new TextDecoder().decode(yml);
  const named = [...text.matchAll(YML_FILE)].map(([, , path = '']) => resolve(root, path.trim()));
  const env = withoutSecrets(process.env);
  const variables = [...text.matchAll(YML_ENV)].map(([, name = '']) => [name, env[name]]);
  const paths = [...new Set([...files, ...named, ...lockfilesOf(root), ...listed.flat()])].sort();
  const contents = await Promise.all(paths.map(readIfThere));
  const hash = createHash('sha256').update(process.version);
  for (const [index, path] of paths.entries()) {
    const content = contents[index] ?? new Uint8Array();
    // Lengths keep two files from passing for one.
    hash.update(`\n${path.replace(code, '').replace(root, '')} ${content.byteLength}\n`).update(content);
  }
  const ofFiles = hash.copy();
  hash.update(JSON.stringify([settings, variables]));
  return { files: short(ofFiles), all: short(hash) };
}

/** The first 128 bits of a hash, in hex. */
const short = (hash: Hash) => hash.digest('hex').slice(0, 32);

/** The lockfiles that are nearest: those of the folder, or of one above it. */
function lockfilesOf(folder: string): string[] {
  for (let at = folder; ; at = dirname(at)) {
    const found = LOCKFILES.map((name) => join(at, name)).filter((file) => existsSync(file));
    if (found.length > 0 || at === dirname(at)) return found;
  }
}

/** Undefined when there is no such file: a project need not have each. */
function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (isErrorOf(error, 'ENOENT', 'EISDIR')) return undefined;
    throw error;
  });
}

/** Whether an error has one of these codes of the system. */
export function isErrorOf(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
