import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/cloud/dataDirectory.ts';
import { tablesPage } from '../../scripts/docs/tablesPage.ts';

describe('docs/tables.md', () => {
  it('is what `npm run docs` makes of the code', () => {
    expect(readFileSync(join(repositoryRoot, 'docs', 'tables.md'), 'utf8')).toBe(tablesPage());
  });

  it('says something in every cell', () => {
    const rows = tablesPage()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const empty = rows.filter((row) => / \|\s+\|/.test(row) || row.includes('| `` |'));
    expect([rows.length > 150, empty]).toEqual([true, []]);
  });
});
