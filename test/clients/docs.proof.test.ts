import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { readersConfig } from './openReaders.ts';
import { sqlPage } from './sqlPage.ts';

const PAGE = join(repositoryRoot, 'docs', 'reference', 'sql.md');

it('docs/reference/sql.md lists the tested statements (SLUICE_WRITE_DOCS=1 updates it)', () => {
  const page = sqlPage(defineConfig(readersConfig));
  if (process.env['SLUICE_WRITE_DOCS'] === '1') writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
});
