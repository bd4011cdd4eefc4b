import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { knownDifferences } from '../../packages/local-aws/test/trino/knownDifferences.ts';

describe('each known difference from Trino', () => {
  it('is in packages/local-aws/docs/athena.md if Athena differs from the local result', () => {
    const page = readFileSync(join(repositoryRoot, 'packages', 'local-aws', 'docs', 'athena.md'), 'utf8');
    const [, rows = ''] = page.split('\n| different from Athena | here |\n');
    expect(
      knownDifferences.filter(({ documented }) => documented !== null && !rows.includes(`\n| ${documented}`)),
    ).toEqual([]);
  });
});
