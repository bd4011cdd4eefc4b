import { describe, expect, it } from '@jest/globals';
import { countColumns, readSchema } from '../../../../lib/parquet/format/schemaTree.ts';
import { type Fields, intField, structsField, textField } from './thriftWriter.ts';

describe('a schema', () => {
  const shapeOf = (...elements: Fields[]) => structsField(...elements).bytes.toString('latin1');
  const leafOf = (name: string): Fields => ({ 1: intField(1), 4: textField(name) });
  const groupOf = (name: string, children: number): Fields => ({ 4: textField(name), 5: intField(children) });

  it('is a tree, whose columns have ranges of leaves', () => {
    const root = readSchema(
      shapeOf(groupOf('root', 3), leafOf('a'), groupOf('b', 2), leafOf('c'), leafOf('d'), leafOf('e')),
    );
    const named = root.children.map(({ name, leaves, children }) => ({
      name,
      leaves,
      inside: children.length,
    }));
    expect(root.leaves).toEqual([0, 4]);
    expect(named).toEqual([
      { name: 'a', leaves: [0, 1], inside: 0 },
      { name: 'b', leaves: [1, 3], inside: 2 },
      { name: 'e', leaves: [3, 4], inside: 0 },
    ]);
  });

  it.each([
    { what: 'ends within a group', elements: [groupOf('root', 2), leafOf('a')] },
    { what: 'has more than 100 levels', elements: [...Array(102).fill(groupOf('g', 1)), leafOf('a')] },
    { what: 'is empty', elements: [] },
  ])('that $what is damaged', ({ elements }) => {
    expect(() => readSchema(shapeOf(...elements))).toThrow(RangeError);
  });

  it('has as many columns as leaves, or as a quarter of its elements if these are more', () => {
    expect(countColumns(shapeOf(groupOf('root', 2), leafOf('a'), leafOf('b')))).toBe(2);
    expect(countColumns(shapeOf(...Array(11).fill(groupOf('g', 1)), leafOf('a')))).toBe(3);
  });
});
