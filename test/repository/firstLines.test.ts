import { globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { sum } from '../../lib/base/sum.ts';
import { projectRoot } from '../../local/roots.ts';
import { textOf } from '../harness/textOf.ts';

const page = textOf('ARCHITECTURE.md');
const [, announced = '', section = ''] = /## Read these ([\d,]+) lines first\n([\s\S]*)/.exec(page) ?? [];
/** How far the lines of a row may be from what it says: a tenth, or so many lines. */
const MOST_MISCOUNTED = 50;
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

/** Lines of what a cell names: files and folders, each from the root or beside the last one from the root. */
function linesOf(cell: string): number {
  let folder = '';
  let lines = 0;
  for (const [, name = ''] of cell.matchAll(/`([^`]+)`/g)) {
    const beside = join(folder, name);
    const path = statSync(join(projectRoot, beside), { throwIfNoEntry: false }) ? beside : name;
    if (path === name) folder = dirname(path);
    const files = path.endsWith('/') ? globSync(`${path}**/*.ts`, { cwd: projectRoot }) : [path];
    for (const file of files) lines += textOf(file).split('\n').length - 1;
  }
  return lines;
}

it('each row of the table in ARCHITECTURE.md is read', () => {
  expect(rows).toHaveLength(section.match(/^\| [\d,]+ \|/gm)?.length ?? 0);
  expect(rows.length).toBeGreaterThan(5);
});

it.each(rows)(
  'ARCHITECTURE.md says about how many lines to read first: $lines of $files',
  ({ lines, files }) => {
    expect(Math.abs(linesOf(files) - lines)).toBeLessThanOrEqual(Math.max(MOST_MISCOUNTED, lines / 10));
  },
);

it('ARCHITECTURE.md says in its heading how many lines the rows have, to within a twentieth', () => {
  const summed = sum(rows.map(({ lines }) => lines));
  expect(Math.abs(summed - numberOf(announced))).toBeLessThanOrEqual(numberOf(announced) / 20);
});
