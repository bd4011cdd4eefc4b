import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { dayFolder } from '../../../../lib/tables/tableFolders.ts';
import { lastDelivery } from '../../../../observe/facts/tables/lastDelivery.ts';
import { answeredBy } from '../../../harness/answering.ts';

const config = defineConfig({ bucket: 'acme' });
const events = (day: string) => dayFolder(config, 'events', day);
const NOW = Date.UTC(2026, 10, 20, 12);

/** Files of a day: how many, or the minutes after midnight at which each was written. */
type Files = Readonly<Record<string, readonly { readonly minute: number; readonly name?: string }[]>>;

/** When the last of some files of events was delivered. S3 lists a thousand on a page. */
async function lastOf(files: Files): Promise<string | undefined> {
  const s3 = answeredBy(S3Client, ({ input }) => {
    const { Prefix = '', Delimiter, ContinuationToken = '0' } = input as Record<string, string | undefined>;
    const days = Object.keys(files);
    if (Delimiter !== undefined)
      return {
        CommonPrefixes: days
          .map(events)
          .flatMap((folder) => (folder.startsWith(Prefix) ? { Prefix: folder } : [])),
      };
    const day = days.find((name) => events(name) === Prefix) ?? '';
    const all = (files[day] ?? []).map(({ minute, name = `${String(minute).padStart(6, '0')}.parquet` }) => ({
      Key: `${Prefix}${name}`,
      Size: 9,
      ETag: '"e"',
      LastModified: new Date(Date.parse(day) + minute * 60_000),
    }));
    const start = Number(ContinuationToken);
    const isTruncated = start + 1_000 < all.length;
    return {
      Contents: all.slice(start, start + 1_000),
      IsTruncated: isTruncated,
      ...(isTruncated ? { NextContinuationToken: String(start + 1_000) } : {}),
    };
  });
  const last = await lastDelivery({ s3, config, now: NOW });
  return last === null ? undefined : new Date(last).toISOString();
}

it.each<{ readonly what: string; readonly files: Files; readonly last: string | undefined }>([
  { what: 'none without files', files: {}, last: undefined },
  {
    what: 'the last of a day with very many',
    files: { '2026-11-20': Array.from({ length: 10_001 }, (_, minute) => ({ minute: minute / 20 })) },
    last: '2026-11-20T08:20:00.000Z',
  },
  {
    what: 'one of the day before, which came later',
    files: { '2026-11-19': [{ minute: 1_500 }], '2026-11-20': [{ minute: 10 }] },
    last: '2026-11-20T01:00:00.000Z',
  },
  {
    what: 'none of a third day',
    files: {
      '2026-11-18': [{ minute: 9_000 }],
      '2026-11-19': [{ minute: 10 }],
      '2026-11-20': [{ minute: 20 }],
    },
    last: '2026-11-20T00:20:00.000Z',
  },
  {
    what: 'one of tomorrow, as of a clock that is ahead',
    files: { '2026-11-21': [{ minute: -700 }] },
    last: '2026-11-20T12:20:00.000Z',
  },
  {
    what: 'no marker that queries do not read',
    files: { '2026-11-20': [{ minute: 10 }, { minute: 20, name: '_SUCCESS' }] },
    last: '2026-11-20T00:10:00.000Z',
  },
])('the last delivery is $what', async ({ files, last }) => {
  expect(await lastOf(files)).toBe(last);
});
