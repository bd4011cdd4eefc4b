import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VERSION } from '../../lib/base/version.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');

/** Headings of CHANGELOG.md, the newest first: `Unreleased`, or the version and its date. */
const headings = [...read('CHANGELOG.md').matchAll(/^## (\S+)(?: \((.+)\))?$/gm)].map(
  ([, version = '', date]) => ({ version, date }),
);
const released = headings.filter(({ version }) => version !== 'Unreleased');

describe('the version', () => {
  it('is that of both package.json and of the lock file', () => {
    const { version, packages } = JSON.parse(read('package-lock.json'));
    const ofFiles = ['package.json', 'cli/package.json'].map((file) => JSON.parse(read(file)).version);
    expect([...ofFiles, version, packages[''].version, packages.cli.version]).toEqual(Array(5).fill(VERSION));
  });

  it('is in CHANGELOG.md, or below what is not released', () => {
    expect(['Unreleased', VERSION]).toContain(headings[0]?.version);
    const versions = released.map(({ version }) => version);
    expect(versions).toEqual(
      [...new Set(versions)].sort((first, other) => other.localeCompare(first, 'en', { numeric: true })),
    );
    expect(released.filter(({ date = '' }) => !/^\d{4}-\d\d-\d\d$/.test(date))).toEqual([]);
  });

  it('is the one that README.md shows', () => {
    expect(read('README.md')).toContain(`Sluice ${VERSION}: the local cloud is ready`);
  });
});
