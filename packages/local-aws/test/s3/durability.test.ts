import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { plainAttributes } from '../../src/s3/model/StoredObject.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

describe('the object store on disk', () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 20));
  let directory: string;
  let remove: () => void;
  let store: ObjectStore;
  const reopen = () => {
    store.close();
    store = ObjectStore.open({ directory, clock });
  };
  const text = async (key: string, bucket = 'durable') => {
    let body = '';
    for await (const chunk of store.get(bucket, key).body) body += String(chunk);
    return body;
  };
  const journal = () => join(directory, '.store', 'durable', 'journal.ndjson');
  const lines = () => readFileSync(journal(), 'utf8').trimEnd().split('\n');

  beforeEach(() => {
    ({ path: directory, remove } = temporaryDirectory());
    store = ObjectStore.open({ directory, clock });
    store.createBucket('durable', { eventBridge: true, region: 'eu-west-1', account: '111122223333' });
  });
  afterEach(() => {
    store.close();
    remove();
  });

  it('stores objects at paths equal to their keys, where DuckDB and people find them', async () => {
    await store.put('durable', 'statsig/events/2026-11-20/a.parquet', 'PAR1');
    const path = store.localPath('durable', 'statsig/events/2026-11-20/a.parquet');
    expect(path).toBe(join(directory, 'durable/statsig/events/2026-11-20/a.parquet'));
    expect(readFileSync(path, 'utf8')).toBe('PAR1');
    store.delete('durable', 'statsig/events/2026-11-20/a.parquet');
    expect(readdirSync(join(directory, 'durable'))).toEqual([]);
  });

  it('fills a bucket with empty objects, and leaves those that are there', async () => {
    const created: string[] = [];
    store.onObjectCreated(({ key }) => created.push(key));
    await store.put('durable', 'a/2', 'first');
    store.bucket('durable').fill(['a/1', 'a/2', 'a/3']);
    expect(created).toEqual(['a/2', 'a/1', 'a/3']);
    await store.put('durable', 'a/3', 'second');
    reopen();
    const { entries } = store.list('durable', { limit: 10 });
    expect(entries).toMatchObject([
      { object: { key: 'a/1', size: 0, etag: 'd41d8cd98f00b204e9800998ecf8427e' } },
      { object: { key: 'a/2', size: 5 } },
      { object: { key: 'a/3', size: 6 } },
    ]);
    expect(await text('a/1')).toBe('');
    expect(await text('a/2')).toBe('first');
    expect(await text('a/3')).toBe('second');
  });

  it('keeps a bucket with its settings over a restart', () => {
    const settings = { policy: '{"Statement":[]}' };
    store.bucket('durable').settings = settings;
    reopen();
    expect(store.buckets()).toEqual([
      {
        name: 'durable',
        region: 'eu-west-1',
        account: '111122223333',
        eventBridge: true,
        createdMs: clock.now(),
      },
    ]);
    expect(store.bucket('durable').settings).toEqual(settings);
  });

  it('keeps the last of two parts with the same number over a restart', async () => {
    const bucket = store.bucket('durable');
    const { uploadId } = bucket.uploads.begin({ key: 'large', attributes: plainAttributes });
    for (const body of ['old', 'newer'])
      bucket.uploads.addPart(uploadId, 'large', await bucket.stage(body), 3);
    reopen();
    expect(store.bucket('durable').uploads.parts(uploadId, 'large')).toMatchObject([
      { partNumber: 3, size: 5 },
    ]);
  });

  it('keeps objects and their attributes over a restart, and nothing of what is past', async () => {
    await store.put('durable', 'a/b', 'first', {
      contentType: 'text/plain',
      metadata: { k: 'v' },
      checksumAlgorithm: 'SHA256',
    });
    await store.put('durable', 'a/b', 'second', {
      contentType: 'text/csv',
      metadata: { k: 'w' },
      checksumAlgorithm: 'CRC32',
    });
    await store.put('durable', 'gone', 'x');
    store.delete('durable', 'gone');
    const before = store.head('durable', 'a/b');
    reopen();
    expect(store.head('durable', 'a/b')).toEqual(before);
    expect(await text('a/b')).toBe('second');
    expect(store.bucket('durable').find('gone')).toBeUndefined();
    // A line for the bucket and one for each object.
    expect(lines()).toHaveLength(2);
  });

  it('goes on with greater sequencers after a restart', async () => {
    const { sequencer } = await store.put('durable', 'first', 'x');
    reopen();
    expect((await store.put('durable', 'later', 'x')).sequencer > sequencer).toBe(true);
  });

  it('discards an incomplete last line with its files, and accepts further writes', async () => {
    await store.put('durable', 'a', '1');
    store.close();
    writeFileSync(join(directory, '.store/durable/tmp/left'), 'over');
    appendFileSync(journal(), '{"op":"put","object":{"key":"torn é'.slice(0, -1));
    store = ObjectStore.open({ directory, clock });
    await store.put('durable', 'b', '2');
    reopen();
    expect(await text('a')).toBe('1');
    expect(await text('b')).toBe('2');
    expect(readdirSync(join(directory, '.store/durable/tmp'))).toEqual([]);
  });

  it('completes a write that was killed between its journal line and its move', async () => {
    await store.put('durable', 'x/a', 'old');
    await store.put('durable', 'x/a', 'new');
    const written = lines().at(-1) ?? '';
    store.close();
    const { temp }: { temp: string } = JSON.parse(written.split('\t')[0] ?? '');
    renameSync(join(directory, 'durable/x/a'), join(directory, '.store/durable/tmp', temp));
    rmSync(join(directory, 'durable/x'), { recursive: true });
    store = ObjectStore.open({ directory, clock });
    expect(await text('x/a')).toBe('new');
  });

  it('completes a delete that was killed between its journal line and its removal', async () => {
    await store.put('durable', 'x/a', 'old');
    store.delete('durable', 'x/a');
    store.close();
    mkdirSync(join(directory, 'durable/x'));
    writeFileSync(join(directory, 'durable/x/a'), 'old');
    store = ObjectStore.open({ directory, clock });
    expect(existsSync(join(directory, 'durable/x'))).toBe(false);
  });

  it('avoids foreign files in its way and leaves them unchanged', async () => {
    mkdirSync(join(directory, 'durable/taken/inside'), { recursive: true });
    writeFileSync(join(directory, 'durable/file'), 'mine');
    await store.put('durable', 'taken', 'object');
    await store.put('durable', 'file/below', 'object');
    reopen();
    expect(await text('taken')).toBe('object');
    expect(await text('file/below')).toBe('object');
    expect(readFileSync(join(directory, 'durable/file'), 'utf8')).toBe('mine');
  });

  it('continues to read an object that is replaced or deleted meanwhile', async () => {
    const large = 'a'.repeat(1_000_000);
    await store.put('durable', 'a', large);
    const { body } = store.get('durable', 'a');
    await store.put('durable', 'a', 'b');
    store.delete('durable', 'a');
    let length = 0;
    for await (const chunk of body) length += String(chunk).length;
    expect(length).toBe(large.length);
  });

  it('sends events for new objects of buckets with events on, with an increasing sequencer', async () => {
    store.createBucket('silent');
    const events: unknown[] = [];
    const stop = store.onObjectCreated((event) => {
      // The object exists before its event is published.
      expect(existsSync(store.localPath(event.bucket, event.key))).toBe(true);
      events.push(event);
    });
    await store.put('silent', 'a', 'x');
    const { etag } = await store.put('durable', 'a', 'x');
    await store.copy({ bucket: 'durable', key: 'a' }, { bucket: 'durable', key: 'b' });
    await expect(store.put('durable', 'a', 'y', { condition: { ifNoneMatch: '*' } })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    });
    stop();
    await store.put('durable', 'c', 'x');
    const first = store.head('durable', 'a').sequencer;
    const second = store.head('durable', 'b').sequencer;
    const common = { bucket: 'durable', size: 1, etag, time: clock.now() };
    expect(events).toEqual([
      { ...common, key: 'a', reason: 'PutObject', sequencer: first },
      { ...common, key: 'b', reason: 'CopyObject', sequencer: second },
    ]);
    expect(second > first).toBe(true);
  });

  it('turns events of a bucket on and off, and keeps the setting over a restart', () => {
    store.ensureBucket('durable', { eventBridge: false });
    store.ensureBucket('new-bucket', { eventBridge: true });
    reopen();
    expect(store.buckets().map(({ name, eventBridge }) => [name, eventBridge])).toEqual([
      ['durable', false],
      ['new-bucket', true],
    ]);
  });

  it('removes all own files of an empty bucket, but no foreign ones', async () => {
    writeFileSync(join(directory, 'durable/notes.txt'), 'mine');
    store.deleteBucket('durable');
    expect(readdirSync(join(directory, '.store'))).toEqual([]);
    expect(readFileSync(join(directory, 'durable/notes.txt'), 'utf8')).toBe('mine');
    reopen();
    expect(store.buckets()).toEqual([]);
  });

  it('loses no acknowledged write when it is killed', async () => {
    store.close();
    for (let life = 0; life < 2; life++) {
      const script = join(import.meta.dirname, 'writeUntilKilled.ts');
      const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      for await (const chunk of child.stdout) {
        output += String(chunk);
        if (output.length > 20_000) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
      const begun = new Map<string, number>();
      const done = new Map<string, number>();
      for (const line of output.slice(0, output.lastIndexOf('\n')).split('\n')) {
        const [verb, key = '', round = ''] = line.split(' ');
        (verb === 'done' ? done : begun).set(key, Number(round));
      }
      store = ObjectStore.open({ directory, clock });
      expect(done.size).toBeGreaterThan(20);
      for (const [key, round] of done) {
        const found = store.bucket('durable').find(key);
        const seen = found === undefined ? 'deleted' : await text(key);
        const stateAfter = (r: number) => (r % 5 === 4 ? 'deleted' : `${r} `.repeat(1000));
        // A change that was begun and not acknowledged may have happened or not; nothing in between.
        expect([stateAfter(round), stateAfter(begun.get(key) ?? round)]).toContain(seen);
        expect(found?.size).toBe(seen === 'deleted' ? undefined : seen.length);
      }
      expect(readdirSync(join(directory, '.store/durable/tmp'))).toEqual([]);
      store.close();
    }
    store = ObjectStore.open({ directory, clock });
  });
});
