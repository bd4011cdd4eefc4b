import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { knownDifferences } from '../../packages/local-aws/test/trino/knownDifferences.ts';

describe('translate: the results of Trino', () => {
  it('is documented in docs/local.md where it differs from Athena', () => {
    const page = readFileSync(join(repositoryRoot, 'docs', 'local.md'), 'utf8');
    const [, rows = ''] = page.split('\n| different from Athena | here |\n');
    expect(
      knownDifferences.filter(({ documented }) => documented !== null && !rows.includes(`\n| ${documented}`)),
    ).toEqual([]);
  });
});
