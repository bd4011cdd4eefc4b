import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scanDocuments } from '../../src/firehose/Partitioner.ts';

/** The texts of the spans found in a text. */
function scan(text: string): string[] {
  const bytes = Buffer.from(text);
  return scanDocuments(bytes).map(({ start, end }) => bytes.toString('utf8', start, end));
}

const separator = fc.constantFrom('', ' ', '\n', '\r\n', '\t\n ', '  ');
const document = fc.oneof(
  fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 4 }),
  fc.array(fc.jsonValue(), { maxLength: 3 }),
);
/** JSON as different writers write it. */
const text = fc
  .tuple(document, fc.constantFrom(undefined, 1, '\t'))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

describe('scanDocuments', () => {
  it('finds every document, whatever text separates them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, separator), { maxLength: 8 }), separator, (documents, before) => {
        const record = before + documents.map(([each, after]) => each + after).join('');
        expect(scan(record)).toEqual(documents.map(([each]) => each));
      }),
      { numRuns: 300 },
    );
  });

  it('covers every byte except white space exactly once, in any input', () => {
    const noise = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', '\n', ' ', 'a', ',', 'é'),
    });
    fc.assert(
      fc.property(noise, (record) => {
        const bytes = Buffer.from(record);
        let at = 0;
        let between = '';
        for (const { start, end } of scanDocuments(bytes)) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          between += bytes.toString('utf8', at, start);
          at = end;
        }
        expect((between + bytes.toString('utf8', at)).trim()).toBe('');
      }),
      { numRuns: 2000 },
    );
  });

  it('isolates a malformed line from the lines beside it', () => {
    const bad = fc.constantFrom(
      '{"a":1',
      '{"a":"x}',
      '{"a":[1}',
      '{"a" 1}',
      '{a:1}',
      'nonsense',
      '12',
      '"text',
      '}',
      '{"a":1}}',
      '{"a":"\\"}',
    );
    const flat = fc
      .dictionary(fc.string(), fc.string(), { maxKeys: 3 })
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.array(fc.oneof(bad, flat), { minLength: 1, maxLength: 8 }), (lines) => {
        const found = scan(lines.join('\n'));
        for (const line of lines) if (line.startsWith('{"') && isJson(line)) expect(found).toContain(line);
      }),
      { numRuns: 500 },
    );
  });

  it('ends a malformed document at its first recognizable end', () => {
    expect(scan('{"a":tru}{"b":1}')).toEqual(['{"a":tru}', '{"b":1}']);
    expect(scan('x{"b":1}y\n{"c":1}')).toEqual(['x', '{"b":1}', 'y', '{"c":1}']);
    expect(scan('{"a":{"b":1}\n{"c":1}')).toEqual(['{"a":{"b":1}', '{"c":1}']);
    expect(scan('{"a":1 {"b":1}')).toEqual(['{"a":1 {"b":1}']);
    expect(scan('{"a":"}{\\"}"}{}')).toEqual(['{"a":"}{\\"}"}', '{}']);
    expect(scan(' \n')).toEqual([]);
  });
});

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
