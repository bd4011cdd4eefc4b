import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../lib/base/json.ts';
import { PACKAGE_NAME, VERSION } from '../../lib/base/version.ts';

/** Where npm takes this Sluice from. */
export interface OwnPackage {
  /** As a package.json names it. */
  readonly from: string;
  /** A tarball on this machine that the project needs a copy of, beside its package.json. */
  readonly tarball?: string;
}

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
});

/**
 * Where this Sluice was installed from: a version of the registry, or a tarball. `npx --package ./sluice.tgz` installs it into
 * a folder of npm's own, whose package.json says which file it was.
 *
 * @param code Root of Sluice's code.
 */
export function ownPackage(code: string): OwnPackage {
  const suffix = join('node_modules', PACKAGE_NAME);
  const root = code.endsWith(suffix) ? code.slice(0, -suffix.length) : null;
  const file = root === null ? null : join(root, 'package.json');
  if (root === null || file === null || !existsSync(file)) return { from: VERSION };
  const manifest = manifestSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  const spec = manifest.data?.dependencies[PACKAGE_NAME] ?? '';
  if (/^https?:/.test(spec)) return { from: spec };
  if (!spec.startsWith('file:')) return { from: VERSION };
  const tarball = resolve(root, spec.slice('file:'.length));
  return existsSync(tarball) ? { from: `file:${basename(tarball)}`, tarball } : { from: VERSION };
}
