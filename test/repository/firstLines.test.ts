import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { sum } from '../../lib/base/sum.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const page = readFileSync(join(repositoryRoot, 'ARCHITECTURE.md'), 'utf8');
const [, all = '', section = ''] = /## Read these ([\d,]+) lines first\n([\s\S]*)/.exec(page) ?? [];
const rows = Array.from(
  section.matchAll(/^\| ([\d,]+) \| ([^|]*`[^|]*) \|/gm),
  ([, lines = '', files = '']) => ({
    files,
    lines: numberOf(lines),
  }),
);

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}

/** Lines of what a row names: files and folders, each from the root or beside the one before it. */
function linesOf(named: string): number {
  let folder = '';
  let lines = 0;
  for (const [, name = ''] of named.matchAll(/`([^`]+)`/g)) {
    const beside = join(folder, name);
    const path = statSync(join(repositoryRoot, beside), { throwIfNoEntry: false }) ? beside : name;
    if (path === name) folder = dirname(path);
    const files = path.endsWith('/') ? globSync(`${path}**/*.ts`, { cwd: repositoryRoot }) : [path];
    for (const file of files)
      lines += readFileSync(join(repositoryRoot, file), 'utf8').split('\n').length - 1;
  }
  return lines;
}

it.each(rows)('ARCHITECTURE.md counts the lines to read first: $lines of $files', ({ lines, files }) => {
  expect(Math.abs(linesOf(files) - lines)).toBeLessThanOrEqual(Math.max(50, lines / 10));
});

it('ARCHITECTURE.md has rows of as many lines as its heading says', () => {
  const total = sum(rows.map(({ lines }) => lines));
  expect(rows.length).toBeGreaterThan(5);
  expect(Math.abs(total - numberOf(all))).toBeLessThanOrEqual(numberOf(all) / 20);
});
