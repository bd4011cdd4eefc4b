import { describe, expect, it } from '@jest/globals';
import { makeDrop } from '../../../lib/drops/Drop.ts';
import {
  archivedSince,
  hasSameFiles,
  isElsewhere,
  requireLoadable,
  summarizeLeftOut,
} from '../../../lib/drops/lastLoad.ts';
import type { LeftOut } from '../../../lib/drops/leftOut.ts';
import type { FileFate } from '../../../lib/ledger/LedgerEntry.ts';

const FOLDER = 'events/2026-11-19/';
const NOTHING = 'SLUICE_SOURCE_NOTHING_LOADABLE';
const REPLACED = 'SLUICE_SOURCE_FILES_REPLACED';
const ARCHIVED = 'SLUICE_SOURCE_OBJECT_ARCHIVED';

/** Names of objects: `empty` and `archived` ones by their ends. */
const dropOf = (names: readonly string[]) =>
  makeDrop(
    names.map((given) => {
      const [name = '', kind] = given.split(' ');
      return {
        key: `${FOLDER}${name}`,
        size: kind === 'empty' ? 0 : 10,
        eTag: kind ?? 'whole',
        lastModified: new Date(0),
        ...(kind === 'archived' ? { storageClass: 'GLACIER' } : {}),
      };
    }),
    FOLDER,
  );
const fate = (name: string, how: FileFate['fate'], reason?: string): FileFate => ({
  key: `${FOLDER}${name}`,
  size: 10,
  eTag: 'whole',
  fate: how,
  ...(reason === undefined ? {} : { reason }),
});
const codeOf = (names: readonly string[], files: readonly FileFate[], acceptsLoss: boolean) => {
  const entry = { files: [...files], ...(files.length === 0 ? {} : { version: 'v1' }) };
  try {
    requireLoadable(dropOf(names), entry, acceptsLoss);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};

describe('a day that is loaded', () => {
  it.each<{
    /** The names of its objects, with what is particular of one behind a space. */
    readonly names: string;
    readonly code: string | null;
  }>([
    { names: '', code: null },
    { names: '_SUCCESS, part/', code: null },
    { names: 'a.parquet', code: null },
    { names: 'a.parquet, notes.csv', code: null },
    { names: 'a.parquet empty', code: NOTHING },
    { names: 'a.csv', code: NOTHING },
    { names: 'a.parquet.gz', code: NOTHING },
    { names: '_temporary/0/a.parquet', code: NOTHING },
    { names: '_SUCCESS.parquet', code: NOTHING },
    { names: '.a.parquet', code: NOTHING },
    // What is not committed yet is no failure, but what else is there is one.
    { names: '_started_1, part-0-tid-1-x.parquet', code: null },
    { names: '_started_1, part-0-tid-1-x.parquet, b.csv', code: NOTHING },
    { names: 'a.parquet archived', code: ARCHIVED },
    { names: 'a.parquet archived, b.csv', code: NOTHING },
  ])('for the first time from "$names": $code', ({ names, code }) => {
    const objects = names === '' ? [] : names.split(', ');
    for (const acceptsLoss of [false, true]) expect(codeOf(objects, [], acceptsLoss)).toBe(code);
  });

  it('says of objects that are all packed as a whole that they are', () => {
    const { files, leftOut } = dropOf(['a.parquet.gz', 'b.csv.gz']);
    const packed = leftOut.map((left): LeftOut => ({ ...left, reason: 'compressed' }));
    const load = (all: readonly LeftOut[]) => () =>
      requireLoadable({ files, leftOut: [...all] }, { files: [] }, false);
    expect(load(packed)).toThrow(expect.objectContaining({ code: 'SLUICE_SOURCE_FILES_COMPRESSED' }));
    expect(load([...packed, ...leftOut])).toThrow(expect.objectContaining({ code: NOTHING }));
  });

  it('fails for no file that is not whole yet, but for what else is there', () => {
    const { files, leftOut } = dropOf(['a.parquet.part']);
    const unfinished = leftOut.map((left): LeftOut => ({ ...left, reason: 'unfinished' }));
    const load = (all: readonly LeftOut[]) => () =>
      requireLoadable({ files, leftOut: [...all] }, { files: [] }, false);
    expect(load(unfinished)).not.toThrow();
    expect(load([...unfinished, ...dropOf(['b.csv']).leftOut])).toThrow(
      expect.objectContaining({ code: NOTHING, detail: `${FOLDER}b.csv (not_parquet).` }),
    );
  });

  it('fails for no copy that was loaded while it was alone', () => {
    const { files, leftOut } = dropOf(['a.parquet', 'a.part']);
    const copy = leftOut.map((left): LeftOut => ({ ...left, reason: 'unfinished' }));
    const load = (eTag: string) => () =>
      requireLoadable(
        { files, leftOut: copy },
        { version: 'v1', files: [{ ...fate('a.part', 'loaded'), eTag }] },
        false,
      );
    expect(load('whole')).not.toThrow();
    expect(load('other')).toThrow(expect.objectContaining({ code: REPLACED }));
  });

  const before = [fate('a.parquet', 'loaded'), fate('b.parquet', 'loaded'), fate('old.csv', 'left_out')];

  it.each<{
    readonly what: string;
    /** Names of the objects that are there now. */
    readonly names: readonly string[];
    /** The files of the load before. */
    readonly files?: readonly FileFate[];
    /** The code with which it fails; absent if it does not. */
    readonly code?: string;
    /** The code with which it fails although a person accepts that rows go. */
    readonly accepted?: string;
  }>([
    { what: 'one of its files', names: ['a.parquet', 'old.csv'] },
    { what: 'its files and a new text', names: ['a.parquet', 'b.parquet', 'old.csv', 'new.csv'] },
    { what: 'a text for a file', names: ['a.parquet', 'old.csv', 'new.csv'], code: REPLACED },
    {
      what: 'a file that is empty now',
      names: ['a.parquet', 'b.parquet empty', 'old.csv'],
      code: REPLACED,
      accepted: REPLACED,
    },
    {
      what: 'a text for a file that failed',
      names: ['a.parquet', 'c.csv'],
      files: [fate('a.parquet', 'loaded'), fate('b.parquet', 'failed')],
      code: REPLACED,
    },
    {
      what: 'a text for a text that failed',
      names: ['a.parquet', 'c.csv'],
      files: [fate('a.parquet', 'loaded'), fate('b.csv', 'failed', 'not_parquet')],
    },
    // What failed since is not known, and what was held may be read.
    {
      what: 'a text that failed for a file',
      names: ['a.parquet', 'c.csv'],
      files: [...before, fate('c.csv', 'failed', 'not_parquet')],
      code: REPLACED,
    },
    {
      what: 'a text for a file that was held',
      names: ['a.parquet', 'c.csv'],
      files: [fate('a.parquet', 'loaded'), fate('b.parquet', 'held')],
      code: REPLACED,
    },
    { what: 'a text alone', names: ['c.csv'], code: NOTHING, accepted: NOTHING },
    { what: 'nothing', names: [] },
    // Nothing of a day without a version is lost.
    { what: 'files of a day that has no version', names: ['c.parquet', 'd.csv'], files: [] },
  ])('again from $what', ({ names, files = before, code = null, accepted = null }) => {
    expect(codeOf(names, files, false)).toBe(code);
    expect(codeOf(names, files, true)).toBe(accepted);
  });

  it('is not without rows that queries read and that are archived now', () => {
    const files = [{ ...fate('a.parquet', 'loaded'), eTag: 'archived' }];
    expect(codeOf(['a.parquet archived', 'b.parquet'], files, true)).toBe(ARCHIVED);
  });
});

it('a file that is archived since it was loaded is named, if a version has its rows', () => {
  const drop = dropOf(['a.parquet archived', 'b.csv']);
  const archived = (how: FileFate['fate']) => ({ ...fate('a.parquet', how), eTag: 'archived' });
  const key = `${FOLDER}a.parquet`;
  expect(archivedSince(drop, { version: 'v1', files: [archived('loaded')] })).toBe(key);
  expect(archivedSince(drop, { version: undefined, files: [archived('loaded')] })).toBeNull();
  expect(archivedSince(drop, { version: 'v1', files: [archived('gone')] })).toBeNull();
  expect(archivedSince(drop, { version: 'v1', files: [fate('b.csv', 'loaded')] })).toBeNull();
});

it('objects are told that a loaded day left out and that were meant to be loaded', () => {
  const files = [
    fate('a.parquet', 'loaded'),
    fate('b.csv', 'left_out', 'not_parquet'),
    fate('c.csv', 'failed', 'not_parquet'),
    fate('_SUCCESS', 'left_out', 'success_marker'),
    fate('d.parquet', 'left_out', 'no_rows'),
  ];
  const words = `left out 1 object: ${FOLDER}b.csv (not_parquet)`;
  for (const state of ['succeeded', 'succeeded_no_data'] as const)
    expect(summarizeLeftOut({ state, files })).toEqual({ count: 1, words });
  for (const state of ['failed', 'waiting', 'inputs_missing'] as const)
    expect(summarizeLeftOut({ state, files }).count).toBe(0);
});

describe('a day that was loaded from another folder', () => {
  it.each<{ readonly reason: LeftOut['reason']; readonly expected: boolean }>([
    { reason: 'archived', expected: false },
    { reason: 'not_parquet', expected: false },
    { reason: 'unfinished', expected: true },
    { reason: 'marker', expected: true },
  ])(
    'is still there if the new folder holds an object alone that is $reason: $expected',
    ({ reason, expected }) => {
      const { leftOut } = dropOf(['a.csv']);
      const drop = { files: [], leftOut: leftOut.map((left) => ({ ...left, reason })) };
      expect(drop.leftOut).toHaveLength(1);
      expect(isElsewhere(drop, { place: 's3://old/' }, 's3://new/')).toBe(expected);
    },
  );
});

describe('the files of a day', () => {
  const drop = dropOf(['a.parquet', 'b.csv']);
  const { fingerprint } = drop;
  const known = [fate('a.parquet', 'loaded'), fate('b.csv', 'left_out', 'not_parquet')];
  const same = (
    files: FileFate[],
    more: { fingerprint?: string; failure?: { code: string; message: string } } = {},
    filesLeave = false,
  ) => hasSameFiles(drop, { files, fingerprint, ...more }, filesLeave);

  it('are those of the last load by their fingerprint, unless one can be read again that was archived then', () => {
    expect(same(known)).toBe(true);
    expect(same(known, { fingerprint: 'other' })).toBe(false);
    for (const name of ['a.parquet', 'b.csv'])
      expect(
        same([...known.filter(({ key }) => !key.endsWith(name)), fate(name, 'left_out', 'archived')]),
      ).toBe(false);
    const archived = dropOf(['a.parquet archived']);
    const then = { ...fate('a.parquet', 'left_out', 'archived'), eTag: 'archived' };
    expect(hasSameFiles(archived, { files: [then], fingerprint: archived.fingerprint })).toBe(true);
  });

  it('are no others where files leave, after a load that succeeded', () => {
    const other = { fingerprint: 'other' };
    const more = [...known, fate('c.parquet', 'loaded')];
    expect(same(more, other, true)).toBe(true);
    expect(same(more, other, false)).toBe(false);
    expect(same(more, { ...other, failure: { code: 'c', message: 'm' } }, true)).toBe(false);
    expect(same([fate('a.parquet', 'loaded')], other, true)).toBe(false);
    expect(same([fate('a.parquet', 'gone'), ...known.slice(1)], other, true)).toBe(false);
    expect(same([], other, true)).toBe(false);
    expect(hasSameFiles(dropOf([]), { files: [], ...other }, true)).toBe(false);
  });
});
