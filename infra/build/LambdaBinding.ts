import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { BuildError } from './BuildError.ts';

/** DuckDB's native binding for the machine that Lambda runs: arm64, glibc. */
export const LAMBDA_BINDING = '@duckdb/node-bindings-linux-arm64';

/** What a binding must have. */
export const BINDING_FILES = ['duckdb.node', 'libduckdb.so'] as const;

/** A release of {@link LAMBDA_BINDING}. */
export interface LambdaBinding {
  readonly version: string;
  /** As npm's lockfile has it: `sha512-…`, base64, of the tarball. */
  readonly integrity: string;
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

/**
 * The release that the lockfile pins. npm leaves packages of other machines out without a word, and so nothing but this
 * holds the deployed binding to the version that the tests ran.
 *
 * @param root Of the repository.
 * @throws BuildError `SLUICE_BUILD_BINDING_UNPINNED`
 */
export async function pinnedBinding(root: string): Promise<LambdaBinding> {
  const lock = lockSchema.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  const { version, integrity } = lock.packages[`node_modules/${LAMBDA_BINDING}`] ?? {};
  if (version === undefined || integrity === undefined || !integrity.startsWith('sha512-')) {
    throw new BuildError('SLUICE_BUILD_BINDING_UNPINNED', `${LAMBDA_BINDING}.`);
  }
  return { version, integrity };
}

/**
 * Folder of the binding that npm has installed for this machine; null for a machine that DuckDB has none for.
 *
 * @param root Of the repository, or a folder that lies in it.
 * @param name Default this machine's own.
 */
export function installedBinding(
  root: string,
  name = `@duckdb/node-bindings-${process.platform}-${process.arch}`,
): string | null {
  try {
    return dirname(createRequire(join(root, 'package.json')).resolve(`${name}/duckdb.node`));
  } catch {
    return null;
  }
}
