import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { bufferingTable } from '../../observe/prices.ts';

it('the buffering table of docs/deploy.md is up to date', () => {
  const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
  expect(page).toContain(bufferingTable().join('\n'));
});

it('the buffering table includes the default interval', () => {
  // 2 streams × 288 intervals a day; × 30 × $0.00001 an object; 128 MiB / 300 s.
  expect(bufferingTable()[2]).toBe('| 300 | 7.5 min | 576 | $0.17 | 447 KB/s |');
});
