import { describe, expect, it } from '@jest/globals';
import { parseTimeFormat } from '../../../lib/schema/fields/timeFormat.ts';
import {
  acmeSource,
  definedDataset,
  eventsDataset,
  exportTo,
  type SourceInput,
} from '../../harness/configInput.ts';
import { problemPaths } from './problemPaths.ts';

const DATASET = 'sources.0.datasets.0.';

/** Paths, within the dataset, for which a source with this dataset is refused. */
const refusedOf = (dataset: object): readonly string[] =>
  problemPaths({ sources: [{ ...acmeSource(), datasets: [{ name: 'd', ...dataset }] }] }, DATASET);
const events = (mapping: object) => ({ kind: 'events', mapping });
const table = (columns: unknown, more: object = {}) => ({ kind: 'table', mapping: { columns, ...more } });

describe('a mapping in the configuration', () => {
  it.each<{ readonly what: string; readonly dataset: object; readonly paths: readonly string[] }>([
    { what: 'no columns', dataset: table([]), paths: ['mapping.columns'] },
    { what: 'a column of upper case', dataset: table(['Name']), paths: ['mapping.columns.0'] },
    { what: 'the name of the partition', dataset: table(['ds']), paths: ['mapping.columns.ds'] },
    {
      what: 'the name of an origin',
      dataset: table(['source_file']),
      paths: ['mapping.columns.source_file'],
    },
    {
      what: 'a unit of a text',
      dataset: table({ a: { column: 'a', unit: 'ms' } }),
      paths: ['mapping.columns.a'],
    },
    {
      what: 'a unit and a format',
      dataset: table({ a: { column: 'a', type: 'date', unit: 'ms', format: 'yyyy-MM-dd' } }),
      paths: ['mapping.columns.a'],
    },
    {
      what: 'both of a time',
      dataset: events({ timestamp: { column: 'ts', format: 'yyyyMMdd', unit: 's' } }),
      paths: ['mapping.timestamp'],
    },
    { what: 'another order', dataset: table(['a'], { sortBy: ['b'] }), paths: ['mapping.sortBy'] },
    { what: 'a column twice', dataset: table(['a', 'a']), paths: ['mapping.columns'] },
    { what: 'a name of JavaScript', dataset: table(['__proto__']), paths: ['mapping.columns.0'] },
    { what: 'a layout without a day', dataset: { ...table(['a']), layout: '*.parquet' }, paths: ['layout'] },
    {
      what: 'no name of a column',
      dataset: events({ eventName: { column: [] } }),
      paths: ['mapping.eventName.column'],
    },
    {
      what: 'a name of a column twice',
      dataset: events({ eventName: { column: ['a', 'a'] } }),
      paths: ['mapping.eventName.column'],
    },
    {
      what: 'an unknown type',
      dataset: table({ a: { column: 'a', type: 'int' } }),
      paths: ['mapping.columns.a.type'],
    },
    { what: 'a NUL in a column', dataset: events({ eventName: 'a\0' }), paths: ['mapping.eventName'] },
    {
      what: 'a NUL in a constant',
      dataset: events({ eventName: { constant: 'a\0' } }),
      paths: ['mapping.eventName.constant'],
    },
    ...[42, true, 'x', '[1]', '{"a":NaN}'].map((constant) => ({
      what: `${constant} as metadata, which is no object`,
      dataset: events({ metadataJson: { constant } }),
      paths: ['mapping.metadataJson'],
    })),
    {
      what: 'a NUL in a key',
      dataset: events({ metadata: { 'a\0': 'x' } }),
      paths: ['mapping.metadata.a\0'],
    },
    {
      what: 'a NUL in a unit type',
      dataset: events({ unitIds: { 'a\0': 'x' } }),
      paths: ['mapping.unitIds.a\0'],
    },
    {
      what: 'an invalid format',
      dataset: events({ timestamp: { column: 'ts', format: '%Y-%m-%d' } }),
      paths: ['mapping.timestamp.format'],
    },
  ])('is refused for $what', ({ dataset, paths }) => {
    expect(refusedOf(dataset)).toEqual(paths);
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

describe('the marker that a day waits for', () => {
  it.each(['_SUCCESS', '.done', 'manifest.json', 'fertig für heute'])('can be %s', (waitFor) => {
    expect(definedDataset({ waitFor }).dataset.waitFor).toBe(waitFor);
  });

  it.each(['', 'a/b', '.', '..', 'a.parquet', 'A.PQ', 'a\nb', 'x'.repeat(256)])('cannot be %j', (waitFor) => {
    expect(refusedOf({ kind: 'events', waitFor })).toEqual(['waitFor']);
  });

  it('is none with a layout', () => {
    const dataset = { kind: 'events', layout: 'YYYY/MM/DD/*', waitFor: '_SUCCESS' };
    expect(refusedOf(dataset)).toEqual(['waitFor']);
  });
});

describe('the folder of receipts', () => {
  const withReceipt = (receipt: string, more: object = {}) => {
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
