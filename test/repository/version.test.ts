import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compareVersions, VERSION } from '../../lib/base/version.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');

/** Headings of CHANGELOG.md, the newest first: `Unreleased`, or the version and its date. */
const headings = [...read('CHANGELOG.md').matchAll(/^## (\S+)(?: \((.+)\))?$/gm)].map(
  ([, version = '', date]) => ({ version, date }),
);
const released = headings.filter(({ version }) => version !== 'Unreleased');

describe('the version', () => {
  it('is that of cli/package.json and of the lock file', () => {
    const { packages } = JSON.parse(read('package-lock.json'));
    const manifest = JSON.parse(read('cli/package.json')).version;
    expect([manifest, packages.cli.version]).toEqual([VERSION, VERSION]);
  });

  it('is in CHANGELOG.md, or below what is not released', () => {
    expect(['Unreleased', VERSION]).toContain(headings[0]?.version);
    const versions = released.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((one, other) => compareVersions(other, one)));
    expect(released.filter(({ date = '' }) => !/^\d{4}-\d\d-\d\d$/.test(date))).toEqual([]);
  });

  it('is the one that README.md shows', () => {
    expect(read('README.md')).toContain(`Sluice ${VERSION}: the local cloud is ready`);
  });
});

describe('compareVersions', () => {
  it('orders versions as semantic versioning does', () => {
    // https://semver.org/#spec-item-11
    const ascending = [
      ...['0.2.0', '0.2.1', '0.3.0-alpha', '0.3.0-alpha.1', '0.3.0-alpha.beta', '0.3.0-beta'],
      ...['0.3.0-beta.2', '0.3.0-beta.11', '0.3.0-rc.1', '0.3.0', '0.10.0', '1.0.0', '10.0.0'],
    ];
    expect([...ascending].reverse().sort(compareVersions)).toEqual(ascending);
    expect(compareVersions('0.3.0+build.1', '0.3.0')).toBe(0);
  });
});
