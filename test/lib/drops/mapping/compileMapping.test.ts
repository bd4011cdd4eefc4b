import { describe, expect, it } from '@jest/globals';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { FileColumn, FileSchema } from '../../../../lib/parquet/FileSchema.ts';
import { type DatasetInput, definedDataset } from '../../../harness/configInput.ts';

type Leaves = NonNullable<FileColumn['leaves']>;

function column(name: string, leaves: Leaves, type = 'VARCHAR'): FileColumn {
  return {
    name,
    type,
    leaves,
    sqlName: name,
    isUnknownBytes: false,
    isUtc: false,
    isNanoseconds: false,
    misread: null,
    isEmpty: false,
    members: [],
  };
}

function file(name: string, columns: readonly FileColumn[]): FileSchema {
  return {
    name,
    columns,
    path: `/tmp/${name}`,
    rows: 1,
    decodedBytes: 1,
    mayHaveChecksums: true,
    largePages: [],
  };
}

const { source, dataset } = definedDataset({
  kind: 'table',
  mapping: { columns: { plan: { type: 'string', column: 'plan' } }, sortBy: ['plan'] },
});
const subject = { source, dataset, unitIds: {} };

const columns = { plan: { type: 'string', column: 'plan' } } as const;

interface Ordered {
  readonly input: Partial<DatasetInput>;
  readonly sortBy: readonly string[];
  /** The column of a row's own time; undefined of rows without. */
  readonly time: string | undefined;
}

it.each<Ordered>([
  { input: { kind: 'events' }, sortBy: ['timestamp'], time: 'timestamp' },
  { input: { kind: 'exposures' }, sortBy: ['timestamp'], time: 'timestamp' },
  { input: { kind: 'metrics' }, sortBy: ['metric_date'], time: 'metric_date' },
  { input: { kind: 'table', mapping: { columns } }, sortBy: [], time: undefined },
  { input: { kind: 'table', mapping: { columns, sortBy: ['plan'] } }, sortBy: ['plan'], time: undefined },
])(
  'rows of $input.kind are sorted by $sortBy, and the column of their own time is $time',
  ({ input, sortBy, time }) => {
    const made = definedDataset(input);
    const mapping = compileMapping({ ...made, unitIds: {} }, [], '2026-11-19');
    expect(mapping).toMatchObject({ label: 'acme/events', origin: 's3://acme-drops/', sortBy });
    expect(mapping.ownTime?.column).toBe(time);
  },
);

describe('the mapping of files', () => {
  it('reads files together that differ in their unmapped columns, each with its whole row', () => {
    const { groups } = compileMapping(subject, [
      file('a', [column('plan', [0, 1])]),
      file('b', [column('plan', [0, 1]), column('note', [1, 2])]),
      file('c', [column('plan', [0, 1])]),
    ]);
    expect(groups.map(({ files, raws }) => [files, raws.map((raw) => raw.files)])).toEqual([
      [
        [0, 2, 1],
        [[0, 2], [1]],
      ],
    ]);
  });

  it('knows the leaves of a mapped column in each file, if an unmapped one before it has others', () => {
    const { groups } = compileMapping(subject, [
      file('a', [column('any', [0, 2]), column('plan', [2, 3])]),
      file('b', [column('any', [0, 5]), column('plan', [5, 6])]),
    ]);
    expect(groups.map(({ raws }) => raws.map(({ files, leaves }) => ({ files, leaves })))).toEqual([
      [
        { files: [0], leaves: [[2, 3]] },
        { files: [1], leaves: [[5, 6]] },
      ],
    ]);
  });

  it('has a group for each type of a mapped column', () => {
    const { groups } = compileMapping(subject, [
      file('a', [column('plan', [0, 1])]),
      file('b', [column('plan', [0, 1], 'JSON')]),
    ]);
    expect(groups.map(({ files }) => files)).toEqual([[0], [1]]);
  });
});
