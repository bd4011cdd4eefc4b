import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { equivalents } from '../../scripts/mutate/equivalents.ts';
import { mutations } from '../../scripts/mutate/mutations.ts';

const read = (file: string) => {
  const path = join(projectRoot, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};
const named = (wrong: readonly { readonly file: string; readonly old: string }[]) =>
  wrong.map(({ file, old }) => `${file}: ${old}`);

describe('the faults of npm run mutate', () => {
  it('take the place of a text that is in its file once', () => {
    expect(named(mutations.filter(({ file, old }) => read(file).split(old).length !== 2))).toEqual([]);
  });

  it('of which it is known that they change nothing have a text that is still in its file', () => {
    const isThere = (file: string, old: string) => read(file).replaceAll(/\s+/g, ' ').includes(old);
    expect(named(equivalents.filter(({ file, old }) => !isThere(file, old)))).toEqual([]);
    const lineless = equivalents.filter(
      ({ file, old, line = old }) => !line.includes(old) || !isThere(file, line),
    );
    expect(named(lineless)).toEqual([]);
  });

  it('leave a file that is read, so that not a compiler but a test sees them', () => {
    const unread = mutations.filter(({ file, old, fault }) => {
      try {
        stripTypeScriptTypes(read(file).replace(old, () => fault));
        return false;
      } catch {
        return true;
      }
    });
    expect(named(unread)).toEqual([]);
  });

  it('have suites, and are many', () => {
    const lost = mutations.filter(
      ({ suites }) => !suites.some((suite) => existsSync(join(projectRoot, suite))),
    );
    expect(named(lost)).toEqual([]);
    expect(mutations.length).toBeGreaterThanOrEqual(50);
  });
});
