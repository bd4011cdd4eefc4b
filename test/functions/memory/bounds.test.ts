import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { bounds, functions, memoryOf } from './bounds.ts';

it('each function has a bound of its memory, which docs/limits.md states', () => {
  expect(Object.keys(bounds).sort()).toEqual(Object.keys(functions).sort());
  const page = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
  for (const [name, { most, counted, code }] of Object.entries(bounds)) {
    const memory = memoryOf(name).toLocaleString('en-US');
    const bound = `${most.toLocaleString('en-US')} ${counted}`;
    const refusal = code === null ? '' : `\`${code}\``;
    expect(page).toContain(`| \`${name}\` | ${memory} | ${bound} | ${refusal} |`);
  }
});
