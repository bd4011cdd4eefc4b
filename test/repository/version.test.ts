import { describe, expect, it } from '@jest/globals';
import { VERSION } from '../../lib/base/version.ts';
import { textOf } from '../harness/textOf.ts';

const packageVersion = (file: string): unknown => JSON.parse(textOf(file)).version;

/** Headings of CHANGELOG.md, the newest first: `Unreleased`, or a version and its date. */
const headings = [...textOf('CHANGELOG.md').matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
const releases = headings.filter((heading) => heading !== 'Unreleased');
const versions = releases.map((heading) => heading.replace(/ .*/, ''));

describe('the version', () => {
  it('is that of both package.json and of the lock file', () => {
    const { version, packages } = JSON.parse(textOf('package-lock.json'));
    expect({
      'package.json': packageVersion('package.json'),
      'cli/package.json': packageVersion('cli/package.json'),
      'package-lock.json': version,
      'package-lock.json, the root': packages[''].version,
      'package-lock.json, cli': packages.cli.version,
    }).toEqual({
      'package.json': VERSION,
      'cli/package.json': VERSION,
      'package-lock.json': VERSION,
      'package-lock.json, the root': VERSION,
      'package-lock.json, cli': VERSION,
    });
  });

  it('is the newest in CHANGELOG.md, unless that is not released', () => {
    expect(['Unreleased', VERSION]).toContain(headings[0]?.replace(/ .*/, ''));
  });

  it('is the one that README.md shows', () => {
    expect(textOf('README.md')).toContain(`Sluice ${VERSION}: the local cloud is ready`);
  });
});

describe('a release in CHANGELOG.md', () => {
  it('has a heading with its version and date', () => {
    expect(releases.filter((heading) => !/^\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)$/.test(heading))).toEqual([]);
  });

  it('is there once, above those with lower versions', () => {
    expect(versions).toEqual(
      [...new Set(versions)].sort((first, other) => other.localeCompare(first, 'en', { numeric: true })),
    );
  });
});
