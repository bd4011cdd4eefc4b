import { EntityNotFoundException, GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { type LandedPlace, landedTable } from '../../../lib/aws/landedTable.ts';
import { addDays } from '../../../lib/base/time.ts';
import { answering, attempts, named, s3Error } from '../../harness/answering.ts';

describe('a table that is exported', () => {
  const place: LandedPlace = { database: 'd', table: 't', bucket: 'own', tableFiles: { kind: 'versions' } };
  const start = (
    glue: readonly object[],
    s3: readonly object[],
    more: Partial<LandedPlace> = {},
    deadline = attempts.deadline,
  ) =>
    landedTable(
      { glue: answering(GlueClient, ...glue).client, s3: answering(S3Client, ...s3).client },
      { ...place, ...more },
      { ...attempts, deadline },
    );
  const missing = new EntityNotFoundException({ message: 'no', $metadata: {} });

  it.each([
    { what: 'is missing', glue: [missing], code: 'SLUICE_EXPORT_TABLE_MISSING' },
    { what: 'is denied', glue: [named('AccessDeniedException')], code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE' },
    { what: 'is asked too late', glue: [], deadline: 0, code: 'SLUICE_EXPORT_OUT_OF_TIME' },
  ])('has no places if it $what', async ({ glue, deadline, code }) => {
    await expect(start(glue, [], {}, deadline).locations(['2026-11-19'])).rejects.toMatchObject({ code });
  });

  it('has the places of more days than Glue is asked for at once', async () => {
    const days = Array.from({ length: 101 }, (_, i) => addDays('2026-08-01', i));
    const partitionsOf = (some: readonly string[]) => ({
      Partitions: some.map((day) => ({
        Values: [day],
        StorageDescriptor: { Location: `s3://own/t/${day}` },
      })),
    });
    const answers = [partitionsOf(days.slice(0, 100)), partitionsOf(days.slice(100))];
    expect([...(await start(answers, []).locations(days)).keys()]).toEqual(days);
  });

  it('has the places that are in our bucket, as folders', async () => {
    const partitionAt = (day: string, Location: string) => ({
      Values: [day],
      StorageDescriptor: { Location },
    });
    const Partitions = [
      partitionAt('2026-11-19', 's3://own/d'),
      partitionAt('2026-11-20', 's3://own/e/'),
      partitionAt('2026-11-21', 's3://others/d'),
    ];
    const places = await start([{ Partitions }], []).locations(['2026-11-19', '2026-11-20', '2026-11-21']);
    expect([...places]).toEqual([
      ['2026-11-19', 'd/'],
      ['2026-11-20', 'e/'],
    ]);
  });

  it('has files that are gone, or that cannot be read', async () => {
    const table = start([], [s3Error('NoSuchKey'), s3Error('SlowDown')]);
    const file = { key: 'k', size: 1, eTag: '"e"', modifiedAt: 0 };
    expect(await table.read(file)).toBeNull();
    await expect(table.read(file)).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
      message: expect.stringContaining('k: SlowDown'),
    });
  });

  it.each([
    { what: 'as many days ago as its files are kept', expireAfterDays: 1, isPast: true },
    { what: 'a day less', expireAfterDays: 2, isPast: false },
    { what: 'if they are kept for ever', expireAfterDays: null, isPast: false },
  ])('has past days: $what', ({ expireAfterDays, isPast }) => {
    const table = start([], [], { tableFiles: { kind: 'raw', expireAfterDays } });
    expect(table.isPast('2026-11-19')).toBe(isPast);
  });
});
