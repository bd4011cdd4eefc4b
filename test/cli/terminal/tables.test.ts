import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvTable, textTable } from '../../../cli/terminal/tables.ts';

const rows = [{ name: 'x'.repeat(40), n: 1, other: 'y'.repeat(12) }];

describe('a table of text', () => {
  it('is cut at its widest columns to fit a terminal', () => {
    expect(textTable(rows, 30)).toBe(
      ['name           n  other', '-------------  -  ------------', 'xxxxxxxxxxxx…  1  yyyyyyyyyyyy\n'].join(
        '\n',
      ),
    );
  });

  it('is not cut without a width, or with one in which it fits', () => {
    expect(textTable(rows)).toContain('x'.repeat(40));
    expect(textTable(rows, 57)).toBe(textTable(rows));
  });

  it('leaves six characters of a column, however narrow the terminal is', () => {
    expect(textTable([{ a: 'x'.repeat(9), n: 1 }], 1)).toBe('a       n\n------  -\nxxxxx…  1\n');
  });

  it('has numbers at the right, unless their column has a text, and nothing for null', () => {
    const mixed = [
      { number: 7, some: 1, value: { a: 1 }, none: null },
      { number: null, some: 'x', value: undefined, none: null },
    ];
    expect(textTable(mixed).split('\n')).toEqual([
      'number  some  value    none',
      '------  ----  -------  ----',
      '     7  1     {"a":1}',
      '        x',
      '',
    ]);
  });

  it('says that there are no rows', () => {
    expect(textTable([])).toBe('(no rows)\n');
  });

  it('has one line for each row, also if names and values have line breaks and control characters', () => {
    const odd = 'a\nb\r\u2028\u001b[2Jc';
    const lines = textTable([
      { [odd]: odd, n: 1 },
      { [odd]: { odd }, n: 2 },
    ]).split('\n');
    expect(lines).toHaveLength(5);
    for (const control of ['\r', '\u2028', '\u001b']) expect(lines.join('')).not.toContain(control);
  });

  it('is never wider than the terminal while each column has six characters', () => {
    const table = fc.array(fc.string({ maxLength: 90 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(table, fc.integer({ min: 40, max: 120 }), (values, width) => {
        const row = Object.fromEntries(values.map((value, i) => [`c${i}`, value]));
        for (const line of textTable([row], width).split('\n'))
          expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('CSV', () => {
  it('quotes what would be ambiguous, and tells null from an empty text', () => {
    expect(
      csvTable([
        { a: 'x,y', b: null, c: '' },
        { a: 'line\nbreak', b: 1, c: '"' },
      ]),
    ).toBe('a,b,c\n"x,y",,""\n"line\nbreak",1,""""\n');
    expect(csvTable([])).toBe('');
  });

  // https://www.rfc-editor.org/rfc/rfc4180#section-2, rule 6
  it.each([',', '\r', '\n', '\r\n'])('quotes a text with %j, which would end its field', (ending) => {
    expect(csvTable([{ a: `one${ending}two` }])).toBe(`a\n"one${ending}two"\n`);
  });
});
