import { existsSync, globSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { EngineError } from '../../../../lib/parquet/EngineError.ts';
import { FileError } from '../../../../lib/parquet/FileError.ts';
import { parquetOf } from '../../../harness/parquetOf.ts';
import {
  DAY,
  DROPS,
  ends,
  type LoadOptions,
  type Loads,
  someEvents,
  startLoads,
  THEIRS,
} from './startLoads.ts';

let loads: Loads;
beforeEach(async () => {
  loads = await startLoads();
});
afterEach(() => loads.close());

/** A file that is no Parquet. */
const TEXT = Buffer.from('timestamp,event_name\n1,2\n');

/** Rows of the day, some without a name. */
const partlyRefused = (taken: number, refused: number) =>
  `${someEvents(0, taken)} UNION ALL SELECT TIMESTAMP '${DAY} 12:00:00', NULL, 'nobody' FROM range(${refused})`;

/** Corrects the mapping, which then has a name for each row. */
function withAllNames(more: Partial<Loader> = {}): LoadOptions {
  const config = loads.configWith({ mapping: { eventName: { constant: 'all' } } });
  return { reason: 'backfill', loader: { config, ...more } };
}

/** A day of two files, and a loader whose engine fails for both of them. */
async function startWithEngineError(code: ConstructorParameters<typeof EngineError>[0]) {
  const a = await loads.dropEvents('a', 0, 1);
  const b = await loads.dropEvents('b', 1, 2);
  const load = () => Promise.reject(new EngineError(code, 'It failed.'));
  const failure = { code, message: expect.stringContaining(`${a}, ${b}: `) };
  return { loader: { engine: { ...loads.makeLoader().engine, load } }, failure };
}

describe('a day that fails', () => {
  it('names the file that crashes the process which reads footers', async () => {
    await loads.dropEvents('a', 0, 1);
    const b = await loads.dropEvents('b', 1, 2);
    const crash = () => Promise.reject(new FileError('SLUICE_INGEST_FILE_DAMAGED', `${b}: DuckDB crashed.`));
    const { engine } = loads.makeLoader();
    await ends(loads.load({ loader: { engine: { ...engine, describe: crash } } }), 'failed');
    const files = [{ fate: 'held' }, { fate: 'failed', reason: 'SLUICE_INGEST_FILE_DAMAGED' }];
    await loads.expectEntry({ state: 'failed', files });
  });

  it('has a page that is larger than the function holds', async () => {
    const page = await loads.drop(
      'page.parquet',
      `SELECT TIMESTAMP '${DAY} 10:00:00' AS timestamp, 'e' AS event_name, repeat(md5(range::VARCHAR), 6) AS unit_id FROM range(100_000)`,
    );
    const limits = { ...loads.makeLoader().limits, memoryMegabytes: 64 };
    await ends(loads.load({ loader: { limits } }), 'failed');
    await loads.expectFiles([{ key: page, fate: 'failed', reason: 'SLUICE_INGEST_FILE_PAGE_TOO_LARGE' }]);
  });

  it.each([
    { how: 'crashed', code: 'SLUICE_ENGINE_CRASHED' },
    { how: 'was killed', code: 'SLUICE_ENGINE_KILLED' },
  ] as const)('is one whose process $how twice, though no file alone crashes it', async ({ code }) => {
    const { loader, failure } = await startWithEngineError(code);
    await ends(loads.load({ loader }), 'handed_back', { failure });
    await ends(loads.load({ loader }), 'failed', { failure });
  });

  it('is one whose rows do not fit the disk, at the first try: the same machine has them again', async () => {
    const { loader, failure } = await startWithEngineError('SLUICE_ENGINE_OUT_OF_DISK');
    await ends(loads.load({ loader }), 'failed', { failure });
  });

  it.each(['describe', 'load'] as const)(
    'has one file whose rows do not fit the disk beside it (%s)',
    async (call) => {
      const key = await loads.dropEvents('a', 0, 1);
      const full = () => Promise.reject(new EngineError('SLUICE_ENGINE_OUT_OF_DISK', 'No space.'));
      const loader = { engine: { ...loads.makeLoader().engine, [call]: full } };
      const code = 'SLUICE_INGEST_FILE_TOO_LARGE';
      const failure = { code, message: expect.stringContaining(`${key}: No space`) };
      await ends(loads.load({ loader }), 'failed', { failure });
      await loads.expectFiles([{ key, fate: 'failed', reason: code }]);
    },
  );

  it('is tried again while a file breaks off each time, and named by it', async () => {
    const key = await loads.dropEvents('a', 0, 1);
    const { customerBucket } = loads.makeLoader();
    const broken: Loader['customerBucket'] = (...place) => ({
      ...customerBucket(...place),
      read: async () => Readable.from(['PAR1']),
    });
    const code = 'SLUICE_SOURCE_UNAVAILABLE';
    const loader = { customerBucket: broken, wait: async () => {} };
    await ends(loads.load({ loader }), 'handed_back', {
      failure: { code, message: expect.stringContaining(key) },
    });
    await ends(loads.load({ loader, run: { tries: 2 } }), 'failed');
    await loads.expectFiles([{ key, fate: 'failed', reason: code }]);
  });

  it('is tried again where the disk of the function takes no file', async () => {
    await loads.dropEvents('a', 0, 1);
    const { directory } = loads.makeLoader();
    mkdirSync(join(directory, 'piece', 'files', '000000.parquet'), { recursive: true });
    const failure = { code: 'SLUICE_LOAD_STOPPED' };
    await ends(loads.load({ loader: { directory } }), 'handed_back', { failure });
    await ends(loads.load(), 'succeeded');
  });

  it('has more refused rows than allowed, and keeps its last good version', async () => {
    await loads.drop('a.parquet', partlyRefused(99, 1));
    await ends(loads.load(), 'succeeded', { rows: { out: 99, refused: 1 } });
    await loads.drop('a.parquet', partlyRefused(98, 2));
    const failure = {
      code: 'SLUICE_LOAD_ROWS_REFUSED',
      message: expect.stringContaining(
        '2 of 100 rows, 1 % allowed: SLUICE_INGEST_ROW_NAME_MISSING 2 (event name: column "event_name").',
      ),
    };
    await ends(loads.load({ reason: 'changed' }), 'failed', { failure });
    await loads.expectEntry({
      state: 'failed',
      rows: { in: 100, out: 98, refused: 2 },
      files: [{ fate: 'held', refusedBy: { SLUICE_INGEST_ROW_NAME_MISSING: 2 } }],
    });
    await loads.expectEvents(0, 99);
  });

  it('puts its refused rows into quarantine once, if it is tried twice', async () => {
    const key = await loads.drop('a.parquet', partlyRefused(98, 2));
    loads.clock.advance(-HOUR_MS);
    await loads.dropEvents('b', 98, 99);
    loads.clock.advance(2 * HOUR_MS);
    await loads.load();
    await loads.load({ reason: 'retried' });
    const refused = {
      path: `s3://${DROPS}/${key}`,
      detail: expect.stringMatching(/^row \d+, /),
      raw: expect.stringContaining('nobody'),
      key_label: 'acme/events',
      // When the last of the day's files was written, of whatever name.
      received_at: '2026-11-20 09:00:00',
    };
    expect(await loads.rowsUnder('quarantine/')).toMatchObject([refused, refused]);
    expect(await loads.keys('quarantine/')).toEqual([
      expect.stringContaining(`quarantine/2026-11-20/ingest-acme_events-${DAY}-`),
    ]);
  });

  it('leaves no refused row in quarantine once its mapping is corrected, except those of other files', async () => {
    const rows = (name: string) => `${partlyRefused(300, 1)} UNION ALL ${someEvents(300, 301, name)}`;
    await loads.drop('a.parquet', rows('first'));
    await loads.load();
    const [earlier] = await loads.keys('quarantine/');
    await loads.drop('a.parquet', rows('second'));
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ rows: { out: 301, refused: 1 } });
    expect(await loads.keys('quarantine/')).toHaveLength(2);
    expect(await loads.load(withAllNames())).toMatchObject({ rows: { out: 302, refused: 0 } });
    expect(await loads.keys('quarantine/')).toEqual([earlier]);
  });

  it('is handed back while rows that are no longer refused can’t be removed from quarantine', async () => {
    await loads.drop('a.parquet', partlyRefused(300, 1));
    await loads.load();
    const remove = () => Promise.reject(new Error('SlowDown'));
    const landing = { ...loads.makeLoader().landing, remove };
    await ends(loads.load(withAllNames({ landing })), 'handed_back');
  });

  it('has invalid files, each reported by name, while its other files wait', async () => {
    const good = await loads.dropEvents('good', 0, 5);
    await loads.load();
    const cut = await loads.drop('cut.parquet', (await parquetOf(someEvents(5, 500))).subarray(0, -100));
    const held = await loads.dropEvents('held', 5, 6);
    const text = await loads.drop('text.parquet', TEXT);
    const poor = await loads.drop('without.parquet', "SELECT now() AS timestamp, 'u' AS unit_id");
    await ends(loads.load(), 'failed');
    await loads.expectEntry({
      files: [
        { key: cut, fate: 'failed', reason: 'SLUICE_INGEST_FILE_TRUNCATED' },
        { key: good, fate: 'loaded' },
        { key: held, fate: 'held', reason: 'SLUICE_INGEST_FILE_TRUNCATED' },
        { key: text, fate: 'failed', reason: 'SLUICE_INGEST_FILE_NOT_PARQUET' },
        {
          key: poor,
          fate: 'failed',
          reason: 'SLUICE_INGEST_COLUMN_MISSING',
          detail: expect.stringContaining('column "event_name"'),
        },
      ],
    });
    await loads.expectEvents(0, 5);
  });

  it.each([
    { what: 'invalid', code: 'SLUICE_INGEST_FILE_NOT_PARQUET' },
    { what: 'unreadable', code: 'SLUICE_SOURCE_ACCESS_DENIED' },
  ])('tells an $what file from another one whose name it begins with', async ({ what, code }) => {
    const firstKey = await loads.drop('part_1', someEvents(0, 1));
    const key = await loads.drop('part_1.parquet', TEXT);
    if (what === 'unreadable')
      await loads.deny({ Action: 's3:GetObject', Resource: `arn:aws:s3:::${DROPS}/${key}` });
    await ends(loads.load(), 'failed');
    await loads.expectEntry({
      files: [
        { key: firstKey, fate: 'held', reason: code },
        { key, fate: 'failed', reason: code },
      ],
    });
  });

  it('is loaded when its archived file is restored, and keeps its rows when the copy expires', async () => {
    await loads.dropEvents('a', 0, 2);
    const { customerBucket } = loads.makeLoader();
    const loadFromArchive = (isRestored: boolean) => {
      const archived: Loader['customerBucket'] = (...place) => {
        const bucket = customerBucket(...place);
        const list: typeof bucket.list = async (request) => {
          const { objects, ...page } = await bucket.list(request);
          const inArchive = objects.map((object) => ({ ...object, storageClass: 'GLACIER', isRestored }));
          return { ...page, objects: inArchive };
        };
        return { ...bucket, list };
      };
      return loads.load({ reason: 'changed', loader: { customerBucket: archived } });
    };
    await ends(loadFromArchive(false), 'failed', { failure: { code: 'SLUICE_SOURCE_OBJECT_ARCHIVED' } });
    await ends(loadFromArchive(true), 'succeeded');
    await ends(loadFromArchive(true), 'unchanged');
    await ends(loadFromArchive(false), 'unchanged');
    await loads.expectEvents(0, 2);
  });

  it('is in a bucket that denies us access', async () => {
    await loads.dropEvents('a', 0, 2);
    await loads.deny({ ...loads.bucketPolicy.Statement[0], Sid: 'No' });
    await ends(loads.load(), 'failed', { failure: { code: 'SLUICE_SOURCE_ACCESS_DENIED' } });
    await loads.expectEntry({ state: 'failed', files: [], fingerprint: 'as planned' });
    await loads.setPolicy(loads.bucketPolicy);
    await ends(loads.load({ reason: 'retried' }), 'succeeded');
    expect(await loads.entry()).not.toHaveProperty('failure');
  });

  it('is encrypted with a key that we cannot use', async () => {
    await loads.theirs.send(
      new PutObjectCommand({
        Bucket: DROPS,
        Key: `events/${DAY}/a.parquet`,
        Body: await parquetOf(someEvents(0, 2)),
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: `arn:aws:kms:us-east-1:${THEIRS}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
      }),
    );
    await ends(loads.load(), 'failed', {
      failure: { code: 'SLUICE_SOURCE_KEY_DENIED', message: expect.stringContaining('a.parquet') },
    });
    await loads.expectFiles([{ fate: 'failed', reason: 'SLUICE_SOURCE_KEY_DENIED' }]);
  });

  it('is released while our own services are unavailable, and fails with the last try', async () => {
    await loads.dropEvents('a', 0, 2);
    loads.refuse('glue', 'GetPartitions', 2);
    await ends(loads.load(), 'handed_back', { failure: { code: 'SLUICE_LOAD_CATALOG_FAILED' } });
    await ends(loads.load({ run: { isLastAttempt: true } }), 'failed');
    await ends(loads.load(), 'succeeded');
    await loads.expectEvents(0, 2);
  });

  it('fails by our own defect, and says of a foreign error its name alone', async () => {
    await loads.dropEvents('a', 0, 2);
    const { engine } = loads.makeLoader();
    const defect = () => Promise.reject(new TypeError('u-secret'));
    const run = { isLastAttempt: true };
    expect(await loads.load({ run, loader: { engine: { ...engine, describe: defect } } })).toMatchObject({
      failure: { code: 'SLUICE_LOAD_STOPPED', message: expect.not.stringContaining('u-secret') },
    });
  });

  // Takes no byte, as a disk that is full. Linux alone has it.
  (existsSync('/dev/full') ? it : it.skip)(
    'does not fit the disk, although there was room for it',
    async () => {
      await loads.dropEvents('a', 0, 2);
      const made = loads.makeLoader();
      const customerBucket: Loader['customerBucket'] = (...place) => {
        for (const folder of globSync(`${made.directory}/**/files`))
          symlinkSync('/dev/full', `${folder}/000000.parquet`);
        return made.customerBucket(...place);
      };
      expect(await loads.load({ loader: { directory: made.directory, customerBucket } })).toMatchObject({
        failure: { code: 'SLUICE_LOAD_DISK_FULL' },
      });
    },
  );
});
