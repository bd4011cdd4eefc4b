import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { damagedKey } from '../../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { awsEnvironment, callMain } from '../../harness/callMain.ts';
import { acmeSource, exportTo, READERS } from '../../harness/configInput.ts';
import { emptyBucket } from '../../harness/emptyBucket.ts';
import { temporaryDirectory, writeConfig } from '../../harness/temporaryDirectory.ts';
import { eventually } from '../../harness/waiting.ts';
import { wordsOf } from '../../harness/wordsOf.ts';
import { landedKey, landedRows, landedUsers } from '../../lib/erase/landedUsers.ts';

const BUCKET = 'acme-experiments';
const LANDED = landedKey('a');

const directory = temporaryDirectory();

const server = await startS3();
const config = writeConfig(directory.path, {
  bucket: BUCKET,
  sources: [acmeSource({ receipt: 'sluice-receipts' })],
  retention: { queryResultDays: null },
  exports: [exportTo({ folder: 'daily' })],
  readers: [READERS[1]],
});
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const s3 = new S3Client({ endpoint: server.url, region: 'us-east-1', credentials, forcePathStyle: true });
const env = { SLUICE_CONFIG: config, ...awsEnvironment(server.url) };
afterAll(async () => {
  s3.destroy();
  await server.close();
  directory.remove();
});

describe('sluice erase', () => {
  beforeEach(() => void server.store.createBucket(BUCKET));
  afterEach(async () => {
    await emptyBucket(s3, BUCKET);
    server.store.deleteBucket(BUCKET);
  });

  const erase = (args: readonly string[], stdin?: string) =>
    callMain(['erase', ...args, '--local'], { env, ...(stdin === undefined ? {} : { stdin }) });
  const put = (Key: string, Body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  const keys = async () => {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
    return Versions.map(({ Key = '' }) => Key).filter((key) => !key.startsWith('ledger/'));
  };

  it.each([
    { line: '', refusal: 'SLUICE_USAGE_OPTIONS', exit: 2 },
    { line: '--unit user_id=a extra', refusal: 'SLUICE_USAGE_ARGUMENTS', exit: 2 },
    { line: '--unit mail=secret@example.org', refusal: 'SLUICE_ERASE_UNIT_INVALID', exit: 1 },
    { line: "--unit 'user_id=secret '", refusal: 'SLUICE_ERASE_UNIT_INVALID', exit: 1 },
    { line: '--unit-file /nowhere', refusal: 'SLUICE_FILE_FAILED', exit: 1 },
  ])('with "$line" is refused', async ({ line, refusal, exit }) => {
    const { code, stdout, stderr } = await erase(wordsOf(line));
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^(The local cloud on .*\n)?${refusal}: `));
    expect(stderr).not.toContain('secret');
  });

  it('counts only, with --dry-run', async () => {
    await put(LANDED, landedUsers('gone', 'stays', 'gone'));
    const { code, stdout } = await erase(['--unit', 'user_id=gone', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^place +objects +versions +rows found +to rewrite +to delete$/m);
    expect(stdout).toMatch(/^landing +1 +1 +2 +1 +1$/m);
    expect(stdout).toContain('Nothing was changed.\n');
  });

  it('erases units of a file and of options', async () => {
    await put(LANDED, landedUsers('gone', 'stays', 'second'));
    await put('query-results/00000000-0000-0000-0000-000000000001.csv', '"gone"');
    const file = join(directory.path, 'units.txt');
    writeFileSync(file, 'user_id=second\r\n\n');
    const { code, stdout, stderr } = await erase(['--unit', 'user_id=gone', '--unit-file', file]);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringMatching(/^The local cloud on \S+\.\n$/),
    });
    expect(stdout).toMatch(/^landing +1 +1 +2 +1 +1$/m);
    expect(await keys()).toEqual([LANDED]);
  });

  it.each([
    { what: 'a bucket of an export', where: 's3://acme-warehouse/daily/' },
    { what: 'a bucket of a source', where: 's3://acme-drops/' },
    { what: 'a bucket of results', where: 's3://acme-owox/' },
    { what: 'tables that readers make', where: `s3://${BUCKET}/reader-tables/*/tables/` },
  ])('says that it cannot reach $what', async ({ where }) => {
    expect((await erase(['--unit', 'user_id=gone'])).stdout).toContain(where);
  });

  it('names its record, and when to run it again', async () => {
    await put(LANDED, landedUsers('gone', 'stays'));
    const { stdout } = await erase(['--unit', 'user_id=gone']);
    expect(stdout).toMatch(/^landing +1 +1 +1 /m);
    expect(stdout).toMatch(/^Record: ledger\/_erasures\/[0-9a-f]{32}\.json$/m);
    expect(stdout).toMatch(
      /Not complete yet: events that were sent before may still arrive\. Run it again after 20\d\d-.*Z: it is complete once a run finds nothing\.\n$/,
    );
  });

  it('knows a run of the same units by its record, which has none of them', async () => {
    await put(LANDED, landedUsers('gone', 'stays', 'second'));
    const units = ['user_id=gone', 'user_id=second'];
    await erase(units.flatMap((unit) => ['--unit', unit]));
    const { code, stdout } = await erase(
      ['--unit-file', '-', '--json'],
      `${units.toReversed().join('\n')}\n`,
    );
    expect(code).toBe(3);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ state: 'again', runs: 2, total: { landing: { rows: 2 } } });
    expect(answer.run.hasFound).toBe(false);
    expect(stdout).not.toMatch(/gone|second/);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: answer.record }));
    const record = await Body?.transformToString();
    expect(record).toContain('"rows":2');
    expect(record).not.toMatch(/gone|second/);
  });

  describe('while something can be brought back', () => {
    const day = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
    const judged = `statsig/ingested/received_hours/${day}.json`;
    const landed = `landing/${day.replaceAll('-', '/')}/07/a.ndjson.gz`;
    const WAITS = ['--unit', 'user_id=waits'];
    /** Notes that the hour 7 of yesterday lacks seven of nine events. */
    const noteHour = () => {
      const counts = { hour: 7, table_name: 'events', accepted: 9, finished: 2, missing: 7, unproved: 0 };
      return put(judged, JSON.stringify({ ...counts, ds: day, state: 'short', why: null }));
    };

    it('stops while a short hour can be copied back, and not in a dry run', async () => {
      await noteHour();
      await put(landed, landedUsers('waits', 'stays'));
      const stopped = await erase(WAITS);
      expect(stopped).toMatchObject({ code: 1, stdout: '' });
      expect(stopped.stderr).toContain('SLUICE_ERASE_CURE_PENDING: ');
      expect(stopped.stderr).toContain(`${day}, hour 7, events: 7 events are missing`);
      expect((await erase([...WAITS, '--dry-run'])).code).toBe(0);
    });

    it('goes on if somebody at a terminal says so, or with --yes', async () => {
      await noteHour();
      await put(landed, landedUsers('waits', 'stays'));
      const atTerminal = (stdin: string) =>
        callMain(['erase', ...WAITS, '--local'], { env, stdin, isTerminal: true });
      expect(await atTerminal('n\n')).toMatchObject({ code: 1, stderr: expect.stringContaining('[y/N]') });
      expect((await atTerminal('y\n')).code).toBe(3);
      await put(landed, landedUsers('waits', 'stays'));
      expect((await erase([...WAITS, '--yes'])).code).toBe(3);
    });
  });

  it('searches the results of readers that left the configuration, and leaves the tables that they made', async () => {
    const result = 'reader-tables/left/0001.csv';
    const made = 'reader-tables/left/tables/0001/a.csv';
    await put(result, '"left-reader"');
    await put(made, '"left-reader"');
    const { code } = await erase(['--unit', 'user_id=left-reader']);
    expect(code).toBe(3);
    expect((await keys()).filter((key) => key.startsWith('reader-tables/'))).toEqual([made]);
  });

  it('names what expires in damaged/, and is complete all the same', async () => {
    const key = damagedKey(LANDED);
    await put(key, 'no gzip');
    const { stdout } = await erase(['--unit', 'user_id=nobody', '--json']);
    const { run, notSearched } = JSON.parse(stdout);
    expect(run.leftCount).toBe(0);
    expect(notSearched).toEqual([
      {
        key,
        goneBy: expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
        commands: [
          expect.stringContaining(`--discard ${key} --dry-run`),
          expect.stringContaining(`--discard ${key} --local`),
          expect.stringContaining('--damaged'),
        ],
      },
    ]);
  });

  it('says what is of others before it goes, and what nobody can read', async () => {
    const body = 'quarantine-large/2026-11-20/plan';
    const noise = 'quarantine-large/2026-11-20/noise';
    await put(body, '{"events":[{"eventName":7,"user":{"userID":"other","custom":{"plan":"enterprise"}}}]}');
    await put(LANDED, landedUsers('stays'));
    await put(noise, Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex'));
    const unit = ['--unit', 'user_id=enterprise'];
    const dry = await erase([...unit, '--dry-run']);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/\nRefused events and bodies that have a value elsewhere .*: 2\.\n/);
    const { stdout } = await erase([...unit, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      run: { leftCount: 0, places: { 'quarantine-large': { rows: 2, others: 2 } } },
    });
    await put(body, '{"events":[{"eventName":"enterprise","user":{"userID":"other"}}]}');
    expect(JSON.parse((await erase([...unit, '--dry-run', '--json'])).stdout).run.hasFound).toBe(false);
  });

  it('ends a dry run with 3, too, if it could not search an object', async () => {
    const file = `${dayFolder(defineConfig({ bucket: BUCKET }), 'events', '2026-11-20')}a.parquet`;
    await put(file, 'no Parquet');
    const { code, stdout } = await erase(['--unit', 'user_id=nobody', '--dry-run', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'dry', run: { leftCount: 1, left: [{ key: file }] } });
  });

  it.each([
    { signal: 'SIGINT', code: 130 },
    { signal: 'SIGTERM', code: 143 },
  ] as const)('stops at $signal with the exit code $code', async ({ signal, code }) => {
    const others = new Set(process.listeners(signal));
    const stopped = erase(['--unit', 'user_id=nobody', '--dry-run']);
    const own = () => process.listeners(signal).find((listener) => !others.has(listener));
    (await eventually('a listener', own))(signal);
    expect(await stopped).toMatchObject({ code, stdout: '' });
    expect(own()).toBeUndefined();
  });

  it('reports a record that is damaged', async () => {
    const { stdout } = await erase(['--unit', 'user_id=other', '--json']);
    const { record } = JSON.parse(stdout);
    await put(record, '{}');
    const { code, stderr } = await erase(['--unit', 'user_id=other']);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^SLUICE_ERASE_MANIFEST_INVALID: .*${record}`, 'm'));
  });

  it('says if nothing was ever found', async () => {
    const never = 'Nothing of these units was ever found. Check each column and value';
    expect((await erase(['--unit', 'user_id=mistyped', '--dry-run'])).stdout).toContain(never);
    expect((await erase(['--unit', 'user_id=mistyped'])).stdout).toContain(never);
    await put(LANDED, landedUsers('mistyped', 'stays'));
    expect((await erase(['--unit', 'user_id=mistyped'])).stdout).not.toContain(never);
    // An earlier run has found something.
    expect((await erase(['--unit', 'user_id=mistyped'])).stdout).not.toContain(never);
  });

  it('takes the row of a refused body that arrives after the body was erased', async () => {
    const place = `quarantine-large/2026-11-20/${'b'.repeat(32)}`;
    await put(place, '{"user":{"userID":"late-person"}}');
    const { stdout } = await erase(['--unit', 'user_id=late-person', '--json']);
    expect(JSON.parse(stdout).total['quarantine-large'].deleted).toBe(1);
    const late = { raw: null, raw_encoding: null, raw_location: `s3://${BUCKET}/${place}` };
    await put(landedKey('late'), landedRows('quarantine', late));
    const { stdout: second } = await erase(['--unit', 'user_id=late-person', '--json']);
    expect(JSON.parse(second).run.places.landing).toMatchObject({ rows: 1, deleted: 1 });
  });

  it('prints no command about bytes of damaged/ of which only a version is left', async () => {
    const Status = 'Enabled' as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status } }));
    const key = damagedKey(landedKey('gone'));
    await put(key, 'no gzip');
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    const { stdout } = await erase(['--unit', 'user_id=nobody', '--json']);
    expect(JSON.parse(stdout).notSearched).toMatchObject([{ key, commands: [] }]);
  });
});
