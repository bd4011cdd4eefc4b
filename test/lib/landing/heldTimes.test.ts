import { describe, expect, it } from '@jest/globals';
import { heldMetadata, heldTimes } from '../../../lib/landing/heldTimes.ts';

const at = (text: string) => Date.parse(`2026-11-${text}Z`);
/** The times in short: day, hour, minute and second of each end. */
const timesOf = (...held: Parameters<typeof heldTimes>) =>
  heldTimes(...held).map(({ from, to }) =>
    [from, to].map((time) => new Date(time).toISOString().slice(8, 19).replace('T', ' ')).join(' to '),
  );

describe('the events of an object of the landing', () => {
  it.each<{
    readonly what: string;
    readonly key: string;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly times: readonly string[];
  }>([
    {
      what: 'Firehose began it in an hour, a minute before which a request may have come',
      key: 'landing/2026/11/25/08/a.gz',
      times: ['25 07:59:00 to 25 12:00:00'],
    },
    {
      what: 'Firehose may have tried for a day, and no longer',
      key: 'landing/2026/11/23/08/a.gz',
      times: ['23 07:59:00 to 24 08:59:59'],
    },
    {
      what: 'the collector put it within an hour',
      key: 'landing/put/2026-11-25/a.gz',
      times: ['25 10:59:00 to 25 12:00:00'],
    },
    {
      what: 'it is of an earlier day than it was written',
      key: 'landing/put/2026-11-24/a.gz',
      times: ['23 23:59:00 to 24 23:59:59'],
    },
    {
      what: 'it was put aside, nobody knows when',
      key: 'damaged/put/2026-11-25/a.gz',
      times: ['24 23:59:00 to 25 12:00:00'],
    },
    {
      what: 'it was put aside, and its metadata say when it was delivered',
      key: 'damaged/put/2026-11-25/a.gz',
      metadata: { delivered: String(at('25T09:00:00')) },
      times: ['25 07:59:00 to 25 09:00:00'],
    },
    { what: 'its key has no day', key: 'landing/a.gz', times: ['25 10:59:00 to 25 12:00:00'] },
    {
      what: 'its key has a day that does not exist',
      key: 'landing/put/2026-99-99/a.gz',
      times: ['25 10:59:00 to 25 12:00:00'],
    },
    {
      what: 'its metadata name the hours',
      key: 'damaged/2026/11/25/08/a.gz',
      metadata: { hours: '2026-11-20T07 2026-11-21T09', delivered: '1' },
      times: ['20 07:00:00 to 20 07:59:59', '21 09:00:00 to 21 09:59:59'],
    },
    { what: 'it has none', key: 'damaged/a.gz', metadata: { hours: 'none' }, times: [] },
    {
      what: 'its metadata are not ours',
      key: 'landing/a.gz',
      metadata: { hours: '2026-11-20T07 yesterday', delivered: 'never' },
      times: ['25 10:59:00 to 25 12:00:00'],
    },
  ])('were received at these times: $what', ({ key, metadata, times }) => {
    expect(timesOf(key, at('25T12:00:00'), metadata)).toEqual(times);
  });
});

describe('the metadata of an object that is put aside', () => {
  const hours = (count: number) => new Set(Array.from({ length: count }, (_, i) => `2026-11-20T${i}`));

  it('name its hours, and that it has none', () => {
    expect(heldMetadata(undefined, 7, new Set(['2026-11-20T07', '2026-11-20T09']))).toEqual({
      delivered: '7',
      hours: '2026-11-20T07 2026-11-20T09',
    });
    expect(heldMetadata(undefined, 7, new Set())).toEqual({ delivered: '7', hours: 'none' });
  });

  it('name when it was delivered first, and no hours of before', () => {
    expect(heldMetadata({ delivered: '3', hours: 'of before' }, 7, null)).toEqual({ delivered: '3' });
  });

  it('name a hundred hours, and none of more', () => {
    expect(heldMetadata(undefined, 7, hours(100))['hours']?.split(' ')).toHaveLength(100);
    expect(heldMetadata(undefined, 7, hours(101))).toEqual({ delivered: '7' });
  });
});
