import { expect, it } from '@jest/globals';
import { textOf } from '../../harness/textOf.ts';
import { bounds, functions, memoryOf } from './bounds.ts';

it('each function has a bound of its memory', () => {
  expect(Object.keys(bounds).sort()).toEqual(Object.keys(functions).sort());
});

it('docs/limits.md states the bound of each function, and of no other', () => {
  const [, memorySection = ''] = /^## Memory$(.*?)^## /ms.exec(textOf('docs', 'limits.md')) ?? [];
  const stated = memorySection.split('\n').filter((line) => line.startsWith('| `'));
  const rows = Object.entries(bounds).map(([name, { most, counted, code }]) => {
    const memory = memoryOf(name).toLocaleString('en-US');
    const bound = `${most.toLocaleString('en-US')} ${counted}`;
    const refusal = code === null ? '' : `\`${code}\``;
    return `| \`${name}\` | ${memory} | ${bound} | ${refusal} |`;
  });
  expect(stated.sort()).toEqual(rows.sort());
});
