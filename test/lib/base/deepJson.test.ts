import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringifyDeep } from '../../../lib/base/deepJson.ts';

describe('stringifyDeep', () => {
  it('writes values nested deeper than the stack, and any other as JSON.stringify does', () => {
    const deep = `${'[{"a":0,"b":'.repeat(50_000)}1${'},2]'.repeat(50_000)}`;
    // Jest would take minutes to show a difference of texts of this length.
    expect(stringifyDeep(JSON.parse(deep)) === deep).toBe(true);
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) =>
        expect(stringifyDeep(value)).toBe(JSON.stringify(value)),
      ),
    );
  });
});
