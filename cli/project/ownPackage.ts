import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { parseJson } from '../../lib/base/json.ts';
import { visibleLine } from '../../lib/base/text.ts';
import { PACKAGE_NAME, VERSION } from '../../lib/base/version.ts';

/** Errors that prevent a project from being created. */
export const InitError = defineErrorFamily('user', {
  SLUICE_INIT_NAME: {
    cause: 'The folder has a name that buckets and databases cannot have.',
    cure: 'Choose a name of 3 to 32 lower-case letters, digits and single hyphens that begins with a letter, such as my-pipeline.',
  },
  SLUICE_INIT_NOT_EMPTY: {
    cause: 'The folder is not empty, and a project would replace what is there.',
    cure: 'Name a folder that does not exist yet, or an empty one. One with nothing but `.git` counts as empty.',
  },
  SLUICE_INIT_SOURCE: {
    cause:
      'Nothing says where the project can install this Sluice from: it was run from a clone, or was not installed from a tarball that is still there.',
    cure: `Make a tarball with \`npm run pack\` in a clone of Sluice, and run \`npx --loglevel error --package CLONE/build/sluice-pipeline-sluice-${VERSION}.tgz sluice init my-pipeline\`, with the folder of the clone for CLONE (docs/project.md).`,
  },
});

/** The place from which npm takes this Sluice. */
export interface OwnPackage {
  /** The place as a package.json names it. */
  readonly from: string;
  /** A tarball on this machine that the project needs a copy of, under this name beside its package.json. */
  readonly tarball?: { readonly from: string; readonly name: string };
}

/** The members of a package.json that are read. */
const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
});

/** A version, a range or `latest`, of a registry. */
const OF_REGISTRY = /^(?:[\^~]?\d[\w.+-]*|latest)$/;

/**
 * Where this Sluice was installed from: a registry, an address, or a tarball. `npx --package ./sluice.tgz` installs it into a
 * folder of npm's own, whose package.json says which file it was.
 *
 * @param code Root of Sluice's code.
 * @throws InitError SLUICE_INIT_SOURCE
 */
export function ownPackage(code: string): OwnPackage {
  const suffix = join('node_modules', PACKAGE_NAME);
  if (!code.endsWith(suffix))
    throw new InitError('SLUICE_INIT_SOURCE', `${visibleLine(code)} is not an installed package.`);
  const root = code.slice(0, -suffix.length);
  const file = join(root, 'package.json');
  const manifest = manifestSchema.safeParse(
    existsSync(file) ? parseJson(readFileSync(file, 'utf8')) : undefined,
  );
  const spec = manifest.data?.dependencies[PACKAGE_NAME];
  if (spec === undefined)
    throw new InitError('SLUICE_INIT_SOURCE', `${visibleLine(file)} does not have ${PACKAGE_NAME}.`);
  if (/^https?:/.test(spec)) return { from: spec };
  if (OF_REGISTRY.test(spec)) return { from: VERSION };
  const tarball = spec.startsWith('file:') ? tarballAt(root, spec.slice('file:'.length)) : undefined;
  if (tarball === undefined)
    throw new InitError('SLUICE_INIT_SOURCE', `${visibleLine(spec)} is not a tarball on this machine.`);
  const name = `sluice-pipeline-sluice-${VERSION}.tgz`;
  return { from: `file:${name}`, tarball: { from: tarball, name } };
}

/** npm writes `%23` for `#`; another `%` may be the path's own. */
function tarballAt(root: string, path: string): string | undefined {
  return [path, path.replaceAll('%23', '#')]
    .map((written) => resolve(root, written))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}
