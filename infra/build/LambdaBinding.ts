import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { Architecture } from '../../lib/schema/regions.ts';

/** Errors while the functions are bundled. */
export const BuildError = defineErrorFamily('user', {
  SLUICE_BUILD_FUNCTION_MISSING: {
    cause: 'A function of the deployment has no handler.',
    cure: 'Add functions/<name>/handler.ts, or remove the settings of the function in infra/serverless/service.ts.',
  },
  SLUICE_BUILD_FAILED: {
    cause: 'A function could not be bundled.',
    cure: 'Correct what esbuild names. `npm run check` shows the same and more.',
  },
  SLUICE_BUILD_BINDING_UNPINNED: {
    cause: "The lockfile does not pin DuckDB's binding for Lambda, or not by SHA-512.",
    cure: 'Restore package-lock.json, or install a release of @duckdb/node-api that has it and commit the lockfile.',
  },
  SLUICE_BUILD_BINDING_MISSING: {
    cause: "DuckDB's binding for Lambda is not on this machine and could not be fetched by npm.",
    cure: 'Package once on a machine that reaches the npm registry. The binding is then cached in .sluice/bindings/.',
  },
  SLUICE_BUILD_BINDING_WRONG: {
    cause:
      'The fetched or packaged binding of DuckDB for Lambda is not the one that the lockfile pins, or is for another processor.',
    cure: 'Delete .sluice/bindings/ and build/ and package again. If it persists, ask the operator of the npm registry.',
  },
  SLUICE_BUILD_TOO_LARGE: {
    cause: 'A function is larger unzipped than Lambda allows.',
    cure: 'Check what is in its folder under build/.',
  },
});

/** DuckDB's native binding for Lambda's processors, with glibc. */
export const LAMBDA_BINDINGS: Readonly<Record<Architecture, string>> = {
  arm64: '@duckdb/node-bindings-linux-arm64',
  x86_64: '@duckdb/node-bindings-linux-x64',
};

/** Files that a binding must contain. */
export const BINDING_FILES = ['duckdb.node', 'libduckdb.so'] as const;

/** A release of one of {@link LAMBDA_BINDINGS}. */
export interface LambdaBinding {
  /** The package. */
  readonly name: string;
  readonly version: string;
  /** The tarball's hash as in npm's lockfile: `sha512-…`, base64. */
  readonly integrity: string;
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

/** In the npm package, which has no lockfile: the entries of the bindings alone, as the lockfile has them (scripts/pack.ts). */
export const PINNED_FILE = 'infra/build/bindings.json';

/**
 * The release that the lockfile pins. npm silently skips packages of other platforms, so only this check ensures that
 * the deployed binding has the version that the tests ran.
 *
 * @param code Root of the repository, or of the npm package.
 * @throws BuildError `SLUICE_BUILD_BINDING_UNPINNED`
 */
export async function pinnedBinding(code: string, architecture: Architecture): Promise<LambdaBinding> {
  const name = LAMBDA_BINDINGS[architecture];
  const pinned = join(code, PINNED_FILE);
  const file = existsSync(pinned) ? pinned : join(code, 'package-lock.json');
  const lock = lockSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined || !integrity.startsWith('sha512-')) {
    throw new BuildError('SLUICE_BUILD_BINDING_UNPINNED', `${name}.`);
  }
  return { name, version, integrity };
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
