import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { parseTimeFormat } from '../../../lib/schema/fields/timeFormat.ts';

type Source = NonNullable<ConfigInput['sources']>[number];
const acme = { name: 'acme', bucket: 'acme-drops', owner: '111122223333' };

function configOf(dataset: object, source: Partial<Source> = {}, rest: Partial<ConfigInput> = {}) {
  const { sources = [], ...others } = rest;
  return defineConfig({
    bucket: 'acme-experiments',
    sources: [{ ...acme, ...source, datasets: [{ name: 'd', ...dataset } as never] }, ...sources],
    ...others,
  });
}
const events = (mapping: object) => ({ kind: 'events', mapping });
const table = (columns: unknown, more: object = {}) => ({ kind: 'table', mapping: { columns, ...more } });

describe('a mapping in the configuration', () => {
  it.each<[what: string, dataset: object, expected: string | RegExp]>([
    ['no columns', table([]), 'at least one column'],
    ['a column of upper case', table(['Name']), 'lower-case'],
    ['the name of the partition', table(['ds']), 'columns.ds'],
    ['the name of an origin', table(['source_file']), 'columns.source_file'],
    [
      'a unit of a text',
      table({ a: { column: 'a', unit: 'ms' } }),
      'unit and format with type date or timestamp only',
    ],
    [
      'a unit and a format',
      table({ a: { column: 'a', type: 'date', unit: 'ms', format: 'yyyy' } }),
      'not both',
    ],
    [
      'both of a time',
      events({ timestamp: { column: 'ts', format: 'yyyyMMdd', unit: 's' } }),
      'unit or format, not both',
    ],
    ['another order', table(['a'], { sortBy: ['b'] }), 'names of `columns`'],
    ['a column twice', table(['a', 'a']), 'each name once'],
    ['a name of JavaScript', table(['__proto__']), 'a column name'],
    ['a layout without a day', { ...table(['a']), layout: '*.parquet' }, 'layout'],
    ['no name of a column', events({ eventName: { column: [] } }), 'at least one column name'],
    ['a name of a column twice', events({ eventName: { column: ['a', 'a'] } }), 'each name once'],
    ['an unknown type', table({ a: { column: 'a', type: 'int' } }), 'bigint'],
    ['a NUL in a column', events({ eventName: 'a\0' }), 'eventName'],
    ['a NUL in a constant', events({ eventName: { constant: 'a\0' } }), 'eventName'],
    ...[42, true, 'x', '[1]', '{"a":NaN}'].map((constant): [string, object, string] => [
      `${constant} as metadata, which is no object`,
      events({ metadataJson: { constant } }),
      'a constant that is the text of a JSON object',
    ]),
    ['a NUL in a key', events({ metadata: { 'a\0': 'x' } }), 'metadata'],
    ['a NUL in a unit type', events({ unitIds: { 'a\0': 'x' } }), 'unitIds'],
    ['an invalid format', events({ timestamp: { column: 'ts', format: '%Y-%m-%d' } }), 'mapping.timestamp'],
  ])('is refused by name for %s', (_, dataset, expected) => {
    expect(() => configOf(dataset)).toThrow(expected);
  });

  it('takes the text of a JSON object as the metadata of every row', () => {
    const constant = ' {"plan":"pro"}';
    expect(configOf(events({ metadataJson: { constant } })).sources[0]?.datasets[0]).toMatchObject({
      mapping: { metadataJson: { constant } },
    });
  });

  it('may have the names that other kinds have', () => {
    expect(() => configOf(table(['unit_id', 'timestamp']))).not.toThrow();
  });
});

it.each([
  ['yyyy-MM-dd YYYY', /letters of Java.*not YYYY/],
  ['yyyy-MM-dd k', /not k/],
  ['yyyyy-MM-dd', /^yy or yyyy, and not yyyyy/],
  ['y-MM-dd', /^yy or yyyy, and not y;/],
  ['yyyy-MM-ddd', /^d or dd, and not ddd;/],
  ['%Y-%m-%d', /not Y/],
  ["yyyy-MM-dd'T", /quotes and brackets are closed/],
  ['yyyy-MM-dd[ HH', /quotes and brackets are closed/],
  ['yyyy-MM-dd] HH', /closed where they were opened/],
  ['yyyy-MM-dd {', /\{ is quoted/],
  ['yyyy-MM', /always has the day/],
  ['yyyy-MM[-dd]', /always has the day/],
  ['HH:mm', /always has the year/],
  ['yyyy-MM-dd MM', /the month once/],
  ['yyyy-MM-dd mm', /the hour beside the minute/],
  ['yyyy-MM-dd hh:mm', /h and a/],
  ['yyyy-MM-dd HH:mm a', /h and a/],
  ['yyyy-MM-dd a', /h and a/],
  ['yyyy-MM-dd h a a', /has AM or PM once/],
  ['', /always has the year/],
  ['yyyy-MM-dd[ HH:]mm', /the hour beside the minute/],
  ['yyyy-MM-dd[ ][ ][ ][ ][ ]', /at most 4 sections/],
])('the format %j is none: %s', (format, message) => {
  expect(parseTimeFormat(format)).toEqual({ expected: expect.stringMatching(message) });
});

describe('the marker that a day waits for', () => {
  it.each(['_SUCCESS', '.done', 'manifest.json', 'fertig für heute'])('can be %s', (waitFor) => {
    expect(configOf({ kind: 'events', waitFor }).sources[0]?.datasets[0]?.waitFor).toBe(waitFor);
  });
  it.each(['', 'a/b', '.', '..', 'a.parquet', 'A.PQ', 'a\nb', 'x'.repeat(256)])('cannot be %j', (waitFor) => {
    expect(() => configOf({ kind: 'events', waitFor })).toThrow(/waitFor/);
  });
  it('is none with a layout', () => {
    const dataset = { kind: 'events', layout: 'YYYY/MM/DD/*', waitFor: '_SUCCESS' };
    expect(() => configOf(dataset)).toThrow(/waitFor/);
  });
});

describe('the folder of receipts', () => {
  const withReceipt = (receipt: string, rest: Partial<ConfigInput> = {}) =>
    configOf({ kind: 'events', folder: 'in/events' }, { receipt }, rest);

  it.each([
    ['a slash at its end', 'a/', 'without slash at either end'],
    ['a folder that climbs', 'a/../b', 'sources.0.receipt'],
    ['a wildcard', 'a*', 'sources.0.receipt'],
    ["the folder of the dataset's drops", 'in/events', 'expected a folder apart'],
    ['a folder around it', 'in', 'sources.0.datasets.0'],
    ['a folder in it', 'in/events/receipts', 'expected a folder apart'],
  ])('is refused for %s', (_, receipt, message) => {
    expect(() => withReceipt(receipt)).toThrow(message);
  });

  it('is apart from those of other sources and of exports in the same bucket', () => {
    const other = (receipt: string): Source => ({
      ...acme,
      name: 'other',
      receipt,
      datasets: [{ name: 'others', kind: 'events', folder: 'o' }],
    });
    expect(() => withReceipt('r', { sources: [other('r')] })).toThrow('sources.1.receipt');
    expect(() => withReceipt('r', { sources: [other('r2')] })).not.toThrow();
    const target = { bucket: acme.bucket, owner: acme.owner, folder: 'r/back' };
    const exports = [{ name: 'back', table: 'statsig_forwarded_events', target }];
    expect(() => withReceipt('r', { exports })).toThrow("apart from sources.0.receipt's");
  });
});
