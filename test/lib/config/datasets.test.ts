import { describe, expect, it } from '@jest/globals';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { parseTimeFormat } from '../../../lib/schema/fields/timeFormat.ts';
import {
  acmeSource,
  definedDataset,
  eventsDataset,
  exportTo,
  type SourceInput,
} from '../../harness/configInput.ts';
import { byPath, forEach, problemPaths } from './problemPaths.ts';

const DATASET = 'sources.0.datasets.0.';

/** Paths, within the dataset, for which a source with this dataset is refused. */
const refusedOf = (dataset: object): readonly string[] =>
  problemPaths({ sources: [{ ...acmeSource(), datasets: [{ name: 'd', ...dataset }] }] }, DATASET);
const events = (mapping: object) => ({ kind: 'events', mapping });
const table = (columns: unknown, more: { readonly sortBy?: readonly string[] } = {}) => {
  return { kind: 'table', mapping: { columns, ...more } };
};

describe('a mapping in the configuration', () => {
  it.each(
    byPath<object>({
      'mapping.metadataJson': forEach(
        'as metadata what is no object,',
        [42, true, 'x', '[1]', '{"a":NaN}'],
        (constant) => events({ metadataJson: { constant } }),
      ),
      'mapping.columns': { 'no columns': table([]), 'a column twice': table(['a', 'a']) },
      'mapping.columns.0': {
        'a column of upper case': table(['Name']),
        'a name of JavaScript': table(['__proto__']),
      },
      'mapping.columns.ds': { 'the name of the partition': table(['ds']) },
      'mapping.columns.source_file': { 'the name of an origin': table(['source_file']) },
      'mapping.columns.a': {
        'a unit of a text': table({ a: { column: 'a', unit: 'ms' } }),
        'a unit and a format': table({ a: { column: 'a', type: 'date', unit: 'ms', format: 'yyyy-MM-dd' } }),
      },
      'mapping.timestamp': {
        'both of a time': events({ timestamp: { column: 'ts', format: 'yyyyMMdd', unit: 's' } }),
      },
      'mapping.sortBy': { 'another order': table(['a'], { sortBy: ['b'] }) },
      layout: { 'a layout without a day': { ...table(['a']), layout: '*.parquet' } },
      'mapping.eventName.column': {
        'no name of a column': events({ eventName: { column: [] } }),
        'a name of a column twice': events({ eventName: { column: ['a', 'a'] } }),
      },
      'mapping.columns.a.type': { 'an unknown type': table({ a: { column: 'a', type: 'int' } }) },
      'mapping.eventName': { 'a NUL in a column': events({ eventName: 'a\0' }) },
      'mapping.eventName.constant': { 'a NUL in a constant': events({ eventName: { constant: 'a\0' } }) },
      'mapping.metadata.a\0': { 'a NUL in a key': events({ metadata: { 'a\0': 'x' } }) },
      'mapping.unitIds.a\0': { 'a NUL in a unit type': events({ unitIds: { 'a\0': 'x' } }) },
      'mapping.timestamp.format': {
        'an invalid format': events({ timestamp: { column: 'ts', format: '%Y-%m-%d' } }),
      },
    }),
  )('is refused for $what', ({ input, path }) => {
    expect(refusedOf(input)).toEqual([path]);
  });

  it('takes the text of a JSON object as the metadata of every row', () => {
    const constant = ' {"plan":"pro"}';
    const { dataset } = definedDataset({ mapping: { metadataJson: { constant } } });
    expect(dataset.mapping).toMatchObject({ metadataJson: { constant } });
  });

  it('may have the names that other kinds have', () => {
    expect(refusedOf(table(['unit_id', 'timestamp']))).toEqual([]);
  });
});

it.each([
  { format: 'yyyy-MM-dd YYYY', message: /letters of Java.*not YYYY/ },
  { format: 'yyyy-MM-dd k', message: /not k/ },
  { format: 'yyyyy-MM-dd', message: /^yy or yyyy, and not yyyyy/ },
  { format: 'y-MM-dd', message: /^yy or yyyy, and not y;/ },
  { format: 'yyyy-MM-ddd', message: /^d or dd, and not ddd;/ },
  { format: '%Y-%m-%d', message: /not Y/ },
  { format: "yyyy-MM-dd'T", message: /quotes and brackets are closed/ },
  { format: 'yyyy-MM-dd[ HH', message: /quotes and brackets are closed/ },
  { format: 'yyyy-MM-dd] HH', message: /closed where they were opened/ },
  { format: 'yyyy-MM-dd {', message: /\{ is quoted/ },
  { format: 'yyyy-MM', message: /always has the day/ },
  { format: 'yyyy-MM[-dd]', message: /always has the day/ },
  { format: 'HH:mm', message: /always has the year/ },
  { format: 'yyyy-MM-dd MM', message: /the month once/ },
  { format: 'yyyy-MM-dd mm', message: /the hour beside the minute/ },
  { format: 'yyyy-MM-dd hh:mm', message: /h and a/ },
  { format: 'yyyy-MM-dd HH:mm a', message: /h and a/ },
  { format: 'yyyy-MM-dd a', message: /h and a/ },
  { format: 'yyyy-MM-dd h a a', message: /has AM or PM once/ },
  { format: '', message: /always has the year/ },
  { format: 'yyyy-MM-dd[ HH:]mm', message: /the hour beside the minute/ },
  { format: 'yyyy-MM-dd[ ][ ][ ][ ][ ]', message: /at most 4 sections/ },
])('the format $format is none: $message', ({ format, message }) => {
  expect(parseTimeFormat(format)).toEqual({ expected: expect.stringMatching(message) });
});

it('a format of four sections that may be missing is read in each of the sixteen ways', () => {
  expect(parseTimeFormat('yyyy-MM-dd[ ][ ][ ][ ]')).toHaveProperty('variants.length', 16);
});

describe('the marker that a day waits for', () => {
  it.each(['_SUCCESS', '.done', 'manifest.json', 'fertig für heute', 'x'.repeat(255)])(
    'can be %s',
    (waitFor) => {
      expect(definedDataset({ waitFor }).dataset.waitFor).toBe(waitFor);
    },
  );

  it.each(['', 'a/b', '.', '..', 'a.parquet', 'A.PQ', 'a\nb', 'x'.repeat(256)])('cannot be %j', (waitFor) => {
    expect(refusedOf({ kind: 'events', waitFor })).toEqual(['waitFor']);
  });

  it('is none with a layout', () => {
    const dataset = { kind: 'events', layout: 'YYYY/MM/DD/*', waitFor: '_SUCCESS' };
    expect(refusedOf(dataset)).toEqual(['waitFor']);
  });
});

describe('the folder of receipts', () => {
  const withReceipt = (receipt: string, more: Pick<ConfigInput, 'exports'> = {}) => {
    const source = acmeSource({ receipt, datasets: [eventsDataset({ folder: 'in/events' })] });
    return { sources: [source], ...more };
  };

  it.each([
    { what: 'a slash at its end', receipt: 'a/' },
    { what: 'a folder that climbs', receipt: 'a/../b' },
    { what: 'a wildcard', receipt: 'a*' },
    { what: "the folder of the dataset's drops", receipt: 'in/events' },
    { what: 'a folder around it', receipt: 'in' },
    { what: 'a folder in it', receipt: 'in/events/receipts' },
  ])('is refused for $what', ({ receipt }) => {
    expect(problemPaths(withReceipt(receipt))).toEqual(['sources.0.receipt']);
  });

  it('is apart from those of other sources and of exports in the same bucket', () => {
    const other = (receipt: string): SourceInput =>
      acmeSource({ name: 'other', receipt, datasets: [eventsDataset({ folder: 'o' })] });
    const [acme] = withReceipt('r').sources;
    expect(problemPaths({ sources: [acme, other('r')] })).toEqual(['sources.1.receipt']);
    expect(problemPaths({ sources: [acme, other('r2')] })).toEqual([]);
    const exports = [exportTo({ bucket: 'acme-drops', folder: 'r/back' })];
    expect(problemPaths(withReceipt('r', { exports }))).toEqual(['exports.0.target.folder']);
  });
});
