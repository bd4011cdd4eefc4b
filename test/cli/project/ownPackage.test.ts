import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ownPackage } from '../../../cli/project/ownPackage.ts';
import { PACKAGE_NAME, VERSION } from '../../../lib/base/version.ts';
import { projectRoot } from '../../../local/roots.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

let count = 0;
let root: string;
beforeEach(() => {
  count += 1;
  root = join(directory.path, String(count));
  mkdirSync(join(root, 'at#home', 'folder'), { recursive: true });
  writeFileSync(join(root, 'at#home', 'sluice.tgz'), '');
});

/** The package that a folder has installed by a spec. */
function installedBy(dependencies: Readonly<Record<string, string>>) {
  writeFileSync(join(root, 'package.json'), JSON.stringify({ dependencies }));
  return () => ownPackage(join(root, 'node_modules', PACKAGE_NAME));
}

describe('where a project installs Sluice from', () => {
  const name = `sluice-pipeline-sluice-${VERSION}.tgz`;

  it.each(['file:at#home/sluice.tgz', 'file:at%23home/sluice.tgz'])(
    'is a copy of the tarball: %s',
    (spec) => {
      expect(installedBy({ [PACKAGE_NAME]: spec })()).toEqual({
        from: `file:${name}`,
        tarball: { from: join(root, 'at#home', 'sluice.tgz'), name },
      });
    },
  );

  it.each(['^0.3.0', '0.3.0', 'latest'])('is this version where a registry gave it: %s', (spec) => {
    expect(installedBy({ [PACKAGE_NAME]: spec })()).toEqual({ from: VERSION });
  });

  it('is the address that it was installed from', () => {
    const from = 'https://example.com/sluice.tgz';
    expect(installedBy({ [PACKAGE_NAME]: from })()).toEqual({ from });
  });

  it.each([
    { what: 'a tarball that has moved', spec: 'file:gone.tgz' },
    { what: 'a folder', spec: 'file:at#home/folder' },
    { what: 'a repository', spec: 'git+ssh://git@example.com/sluice.git' },
    { what: 'a workspace', spec: 'workspace:*' },
  ])('is refused when it is no place of a tarball: $what', ({ spec }) => {
    expect(installedBy({ [PACKAGE_NAME]: spec })).toThrow(
      expect.objectContaining({ code: 'SLUICE_INIT_SOURCE', detail: expect.stringContaining(spec) }),
    );
  });

  it('is refused in a clone, and where another folder has named the package', () => {
    for (const from of [() => ownPackage(projectRoot), installedBy({ zod: '4.0.0' })])
      expect(from).toThrow(
        expect.objectContaining({
          code: 'SLUICE_INIT_SOURCE',
          cure: expect.stringContaining('npm run pack'),
        }),
      );
  });
});
