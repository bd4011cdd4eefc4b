import { DuckDBStructType, DuckDBStructValue, VARCHAR } from '@duckdb/node-api';
import { describe, expect, it } from '@jest/globals';
import { textFormatter } from '../../src/athena/engine/textFormat.ts';

describe('the text of a row', () => {
  it('has each value behind its own name, also where names are numbers', () => {
    const text = textFormatter(new DuckDBStructType(['2', '1'], [VARCHAR, VARCHAR]));
    expect(text(new DuckDBStructValue({ '2': 'a', '1': 'b' }))).toBe('{2=a, 1=b}');
  });
});
