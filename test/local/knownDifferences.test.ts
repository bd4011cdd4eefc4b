import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { knownDifferences } from '../../packages/local-aws/test/trino/knownDifferences.ts';

describe('translate: what Trino answers', () => {
  it('is documented in docs/local.md where it differs from Athena', () => {
    const page = readFileSync(join(repositoryRoot, 'docs', 'local.md'), 'utf8');
    const [, rows = ''] = page.split('\n| not as in Athena | here |\n');
    expect(knownDifferences.filter(({ told }) => told !== null && !rows.includes(`\n| ${told}`))).toEqual([]);
  });
});
