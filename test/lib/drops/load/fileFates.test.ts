import { describe, expect, it } from '@jest/globals';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import { haveSameFates, listFileFates } from '../../../../lib/drops/load/fileFates.ts';
import { Progress } from '../../../../lib/drops/load/Progress.ts';
import type { FileFate } from '../../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';

const FOLDER = 'events/2026-11-19/';
const HERE = 's3://acme-drops/events/YYYY-MM-DD';

/** An object: `a.parquet 2` has the ETag `2`. */
function object(text: string): DropObject {
  const [name = '', eTag = '1'] = text.split(' ');
  return { key: FOLDER + name, size: 9, eTag, lastModified: new Date(0) };
}

/** A file as the ledger has it: `a.parquet 2 loaded`, with a reason perhaps. */
function known(text: string): FileFate {
  const [name = '', eTag = '1', fate = 'loaded', reason] = text.split(' ');
  const file = { key: FOLDER + name, size: 9, eTag, fate: fate as FileFate['fate'] };
  return reason === undefined ? file : { ...file, reason };
}

/** A load of a day with some objects, of which the ledger has files. */
function loadOf(
  objects: readonly string[],
  files: readonly string[],
  failure?: { code: string; message: string },
): Progress {
  const entry = ledgerEntry({
    fingerprint: 'before',
    version: 'v1',
    files: files.map(known),
    ...(failure === undefined ? {} : { failure }),
  });
  const claim = { entry, eTag: '"1"', owner: 'o', claimedAt: 0, until: 9 };
  const progress = new Progress(claim, { now: () => 0 }, { reason: 'new', fingerprint: 'f' }, HERE);
  progress.drop = makeDrop(objects.map(object), FOLDER);
  return progress;
}

const textOf = ({ key, eTag, fate, reason = '' }: FileFate) =>
  `${key.slice(FOLDER.length)} ${eTag} ${fate} ${reason}`.trim();

describe('the fates of the files of a day that failed', () => {
  const fates = (objects: readonly string[], files: readonly string[], code: string) =>
    listFileFates(loadOf(objects, files), { failure: { code, message: 'm' } }).map(textOf);

  it.each([
    'SLUICE_SOURCE_NOTHING_LOADABLE',
    'SLUICE_SOURCE_FILES_COMPRESSED',
    'SLUICE_SOURCE_FILES_REPLACED',
    'SLUICE_SOURCE_OBJECT_ARCHIVED',
  ])('are failed of objects that have come and can’t be loaded, where it failed for them: %s', (code) => {
    expect(fates(['b.csv', 'c.csv'], ['b.csv 1 left_out not_parquet'], code)).toEqual([
      'b.csv 1 left_out not_parquet',
      'c.csv 1 failed not_parquet',
    ]);
  });

  it('are held of such objects where it failed for another reason', () => {
    expect(fates(['c.csv', 'd.parquet'], [], 'SLUICE_LOAD_STOPPED')).toEqual([
      'd.parquet 1 held SLUICE_LOAD_STOPPED',
      'c.csv 1 held not_parquet',
    ]);
  });

  it('are loaded of what queries read: a file as it was, one that was replaced by what can’t be loaded, and one that is gone', () => {
    const files = ['a.parquet', 'b.snappy 1', 'c.parquet'];
    expect(fates(['a.parquet', 'b.snappy 2'], files, 'SLUICE_SOURCE_FILES_REPLACED')).toEqual([
      'a.parquet 1 loaded',
      'b.snappy 1 loaded not_parquet',
      'c.parquet 1 loaded',
    ]);
  });

  it('are held of a file that was replaced by one that may be loaded', () => {
    expect(fates(['a.parquet 2'], ['a.parquet 1'], 'SLUICE_X')).toEqual(['a.parquet 2 held SLUICE_X']);
  });
});

it('the fate of a file whose rows stay although it was replaced is that of the file before', () => {
  const progress = loadOf(['a.parquet 2', 'b.parquet'], ['a.parquet 1']);
  expect(listFileFates(progress, { isKept: true }).map(textOf)).toEqual([
    'a.parquet 1 loaded no_rows',
    'b.parquet 1 loaded',
  ]);
});

describe('a day has the fates of its last load', () => {
  const files = ['a.parquet', '_SUCCESS 1 left_out success_marker', 'b.csv 1 left_out not_parquet'];

  it.each([
    { what: 'with the same objects', objects: ['a.parquet', 'b.csv', '_SUCCESS'], isSame: true },
    {
      what: 'without a marker, and with a temporary file',
      objects: ['a.parquet', 'b.csv', '_x/c.parquet'],
      isSame: true,
    },
    { what: 'unless a file is another', objects: ['a.parquet 2', 'b.csv'], isSame: false },
    { what: 'unless a file has come', objects: ['a.parquet', 'b.csv', 'c.parquet'], isSame: false },
    {
      what: 'unless an object is left out for another reason',
      objects: ['a.parquet', 'b.csv'],
      before: ['a.parquet', 'b.csv 1 left_out removed'],
      isSame: false,
    },
    { what: 'unless an object has left', objects: ['a.parquet'], isSame: false },
    {
      what: 'with one less, of a dataset whose files leave',
      objects: ['a.parquet'],
      filesLeave: true,
      isSame: true,
    },
    { what: 'unless there was none', objects: [], before: [], isSame: false },
  ])('$what: $isSame', ({ objects, before = files, filesLeave = false, isSame }) => {
    expect(haveSameFates(loadOf(objects, before), filesLeave)).toBe(isSame);
  });

  it('unless that failed', () => {
    const failure = { code: 'c', message: 'm' };
    expect(haveSameFates(loadOf(['a.parquet'], ['a.parquet'], failure), false)).toBe(false);
  });
});
