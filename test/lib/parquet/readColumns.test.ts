import { describe, expect, it } from '@jest/globals';
import { isTaken, listElement, mapParts, structMembers } from '../../../lib/parquet/readColumns.ts';

describe('a type as DuckDB prints it', () => {
  it.each([
    { type: 'INTEGER', members: [] },
    { type: 'STRUCT(a INTEGER)[]', members: [] },
    {
      type: 'STRUCT(a DECIMAL(10,2), "b c" STRUCT(d VARCHAR, e INTEGER[]))',
      members: [
        { name: 'a', type: 'DECIMAL(10,2)' },
        { name: 'b c', type: 'STRUCT(d VARCHAR, e INTEGER[])' },
      ],
    },
    {
      type: 'STRUCT("say ""hi"", (now)" VARCHAR, k ENUM(\'a, b\', \'c\'))',
      members: [
        { name: 'say "hi", (now)', type: 'VARCHAR' },
        { name: 'k', type: "ENUM('a, b', 'c')" },
      ],
    },
  ])('has these members if it is a struct: $type', ({ type, members }) => {
    expect(structMembers(type)).toEqual(members);
  });

  it.each([
    { type: 'INTEGER[]', element: 'INTEGER' },
    { type: 'DECIMAL(10,2)[3]', element: 'DECIMAL(10,2)' },
    { type: 'STRUCT(a INTEGER[])', element: null },
  ])('has items of this type if it is a list: $type', ({ type, element }) => {
    expect(listElement(type)).toBe(element);
  });

  it.each([
    { type: 'MAP(VARCHAR, INTEGER)', parts: { key: 'VARCHAR', value: 'INTEGER' } },
    { type: 'MAP(DECIMAL(4,1), MAP(A, B))', parts: { key: 'DECIMAL(4,1)', value: 'MAP(A, B)' } },
    { type: 'VARCHAR', parts: null },
  ])('has keys and values of these types if it is a map: $type', ({ type, parts }) => {
    expect(mapParts(type)).toEqual(parts);
  });
});

it.each([
  { name: 'file_row_number', taken: true },
  { name: 'FILE_INDEX', taken: true },
  { name: 'sluice_folder_12', taken: true },
  { name: 'sluice_folder_', taken: false },
  { name: 'file_row_numbers', taken: false },
])(
  'a column gets another name in SQL if it would hide one that is added: $name, $taken',
  ({ name, taken }) => {
    expect(isTaken(name)).toBe(taken);
  },
);
