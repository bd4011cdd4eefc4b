import { describe, expect, it } from '@jest/globals';
import type { SchemaNode } from '../../../lib/parquet/format/schemaTree.ts';
import type { ThriftField } from '../../../lib/parquet/format/thriftCompact.ts';
import { whyMisread } from '../../../lib/parquet/misread.ts';
import { structField } from './format/editFooter.ts';
import { intField } from './format/thriftWriter.ts';

type Fields = Readonly<Record<number, ThriftField>>;

/** An element of a schema: 3 repetition, 6 converted type, 7 scale, 8 precision, 10 logical type. */
const node = (name: string, fields: Fields, children: readonly SchemaNode[] = []): SchemaNode => ({
  name,
  element: new Map(Object.entries(fields).map(([id, field]) => [Number(id), field])),
  children,
  leaves: [0, 1],
});
const REPEATED = { 3: intField(2) };
const struct = (fields: Fields) =>
  structField(new Map(Object.entries(fields).map(([id, field]) => [Number(id), field])));
const logical = (id: number, fields: Fields = {}) => ({ 10: struct({ [id]: struct(fields) }) });
const LIST = { old: { 6: intField(3) }, new: logical(3) };
const leaf = node('element', {});

describe('a list', () => {
  it.each([
    { by: 'its old type', list: LIST.old },
    { by: 'its new type', list: LIST.new },
  ])('of three levels is read: $by', ({ list }) => {
    expect(whyMisread(node('l', list, [node('list', REPEATED, [leaf])]))).toBeNull();
  });

  it.each([
    { what: 'no list says so', group: node('g', {}, [node('list', REPEATED, [leaf])]) },
    {
      what: 'the item is repeated',
      group: node('l', LIST.new, [node('list', REPEATED, [node('e', REPEATED)])]),
    },
    { what: 'it is called array', group: node('l', LIST.new, [node('array', REPEATED, [leaf])]) },
    { what: 'it is called as its list', group: node('l', LIST.old, [node('l_tuple', REPEATED, [leaf])]) },
  ])('has groups of one field as items if $what', ({ group }) => {
    expect(whyMisread(group)).toMatchObject({ found: 'a list of groups as old writers made it' });
  });

  it('does not have a repeated group as its item if the group has a type of its own, or several fields', () => {
    const typed = node('m', {}, [node('key_value', { ...REPEATED, 6: intField(2) }, [leaf])]);
    expect(whyMisread(typed)).toBeNull();
    expect(whyMisread(node('g', {}, [node('r', REPEATED, [leaf, node('b', {})])]))).toBeNull();
  });
});

const old = (digits: number, scale: number) => ({ 6: intField(5), 7: intField(scale), 8: intField(digits) });
const now = (digits: number, scale: number) => logical(5, { 1: intField(scale), 2: intField(digits) });

describe('a decimal', () => {
  it.each([
    { what: 'of its old type alone', fields: old(5, 2) },
    { what: 'of its new type alone', fields: now(5, 2) },
    { what: 'of both', fields: { ...old(5, 2), ...now(5, 2) } },
    { what: 'of an old type without digits behind the point', fields: { 6: intField(5), 8: intField(5) } },
    { what: 'of as many digits as behind the point', fields: now(5, 5) },
    { what: 'of 38 digits', fields: now(38, 37) },
  ])('is read $what', ({ fields }) => {
    expect(whyMisread(node('d', fields))).toBeNull();
  });

  it.each([
    { fields: { ...old(5, 2), ...now(5, 3) }, found: 'DECIMAL of two sizes' },
    { fields: { ...old(6, 2), ...now(5, 2) }, found: 'DECIMAL of two sizes' },
    { fields: now(5, 6), found: 'DECIMAL(5,6)' },
    { fields: now(5, -1), found: 'DECIMAL(5,-1)' },
    { fields: now(0, 0), found: 'DECIMAL(0,0)' },
    { fields: { 6: intField(5) }, found: 'DECIMAL(0,0)' },
    { fields: logical(5), found: 'DECIMAL(0,0)' },
    { fields: now(39, 2), found: 'DECIMAL(39)' },
    { fields: now(38, 38), found: 'DECIMAL(38,38)' },
  ])('is misread: $found', ({ fields, found }) => {
    expect(whyMisread(node('d', fields))).toMatchObject({ found });
    expect(whyMisread(node('s', {}, [node('a', {}), node('d', fields)]))).toMatchObject({ found });
  });
});

it('members whose names differ in the case of Latin letters alone are misread', () => {
  const members = (...names: string[]) =>
    node(
      's',
      {},
      names.map((name) => node(name, {})),
    );
  expect(whyMisread(members('a', 'b', 'B'))).toMatchObject({ found: '"b" and "B"' });
  expect(whyMisread(members('ä', 'Ä', 'a'))).toBeNull();
});
