import { describe, expect, it } from '@jest/globals';
import {
  emptyContent,
  type FieldContent,
  type FileRows,
  type RowContent,
  sumRows,
  sumSamples,
} from '../../../../lib/drops/engine/mappedRows.ts';

/** A file of two rows, of which one was refused. */
const fileOf = (name: string, places: FileRows['places']): FileRows => ({
  name,
  in: 2,
  out: 1,
  refused: 1,
  reasons: { SLUICE_INGEST_ROW_TIME_INVALID: 1 },
  places,
});

/** A field with one number. */
const fieldOf = (column: string, largest: number): FieldContent => ({
  column,
  none: 1,
  numbers: 3,
  whole: 2,
  looked: 3,
  different: 2,
  lengths: { '1': 3 },
  forms: { zero: 1 },
  size: { values: 2, logs: 0.5, largest, text: String(10 ** largest) },
  types: {},
});

/** What three rows of a file hold. */
const contentOf = (name: string, price: FieldContent): RowContent => ({
  ...emptyContent(),
  rows: 3,
  fields: { price },
  days: { '2026-11-19': 2 },
  hours: { '-1': 2, '15': 1 },
  digests: [4_294_967_295, 7],
  repeats: { [name]: { rows: 2, of: 3 } },
  names: { event: { sale: { rows: 3, zeros: 1, file: name } } },
});

it('the rows of two files are added up, with the place of a reason in the last', () => {
  const files = [
    fileOf('a', { SLUICE_INGEST_ROW_TIME_INVALID: 'column "at"' }),
    fileOf('b', { SLUICE_INGEST_ROW_TIME_INVALID: 'column "time"' }),
  ];
  expect(sumRows(files, [])).toMatchObject({
    rows: { in: 4, out: 2, refused: 2 },
    reasons: { SLUICE_INGEST_ROW_TIME_INVALID: 2 },
    places: { SLUICE_INGEST_ROW_TIME_INVALID: 'column "time"' },
  });
});

it('what the rows of two files hold is added up: the largest number is that of either, and the column the first that is known', () => {
  const files = [contentOf('a', fieldOf('', 1)), contentOf('b', fieldOf('price_eur', 2))];
  expect(sumRows([], files).content).toEqual({
    rows: 6,
    fields: {
      price: {
        column: 'price_eur',
        none: 2,
        numbers: 6,
        whole: 4,
        looked: 6,
        different: 4,
        lengths: { '1': 6 },
        forms: { zero: 2 },
        size: { values: 4, logs: 1, largest: 2, text: '100' },
        types: {},
      },
    },
    days: { '2026-11-19': 4 },
    hours: { '-1': 4, '15': 2 },
    digests: [4_294_967_294, 14],
    repeats: { a: { rows: 2, of: 3 }, b: { rows: 2, of: 3 } },
    sample: [],
    names: { event: { sale: { rows: 6, zeros: 2, file: 'a' } } },
  });
});

it.each([
  { other: { text: 'u1', values: 2 }, what: 'the same', most: { text: 'u1', values: 5 } },
  { other: { text: 'u2', values: 4 }, what: 'a more frequent one', most: { text: 'u2', values: 4 } },
  { other: { text: 'u2', values: 3 }, what: 'one as frequent', most: { text: 'u1', values: 3 } },
  { other: { values: 4 }, what: 'a long one', most: { values: 4 } },
  { other: undefined, what: 'none', most: { text: 'u1', values: 3 } },
])('of two files the most frequent value is that of either, where the other has $what', ({ other, most }) => {
  const withMost = (value: FieldContent['most']) =>
    contentOf('a', { ...fieldOf('id', 1), ...(value === undefined ? {} : { most: value }) });
  const { content } = sumRows([], [withMost({ text: 'u1', values: 3 }), withMost(other)]);
  expect(content.fields['price']?.most).toEqual(most);
});

it('a field and a name that are called as what every object has are added up as any other', () => {
  const content: RowContent = {
    ...emptyContent(),
    fields: { constructor: fieldOf('constructor', 1) },
    names: { constructor: { toString: { rows: 3, zeros: 1, file: 'a' } } },
  };
  expect(sumRows([], [content, content]).content).toMatchObject({
    fields: { constructor: { column: 'constructor', none: 2, forms: { zero: 2 } } },
    names: { constructor: { toString: { rows: 6, zeros: 2, file: 'a' } } },
  });
});

describe('samples of rows', () => {
  const row = (digest: number, files: number, ...keys: readonly string[]) => ({
    digest,
    files,
    keys: [...keys],
  });

  it('are joined by digest, with all files of a row counted and two of them named', () => {
    const pieces = [
      [row(1, 1, 'a'), row(5, 2, 'a', 'b')],
      [row(5, 1, 'c')],
      [row(1, 1, 'd'), row(3, 1, 'd')],
    ];
    expect(sumSamples(pieces)).toEqual([row(1, 2, 'a', 'd'), row(3, 1, 'd'), row(5, 3, 'a', 'b')]);
  });

  it('have the 128 lowest digests', () => {
    const odd = Array.from({ length: 100 }, (_, i) => row(2 * i + 1, 1, 'a'));
    const even = Array.from({ length: 100 }, (_, i) => row(2 * i, 1, 'b'));
    expect(sumSamples([odd, even]).map(({ digest }) => digest)).toEqual(
      Array.from({ length: 128 }, (_, i) => i),
    );
  });
});
