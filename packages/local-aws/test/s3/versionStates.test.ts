import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../src/base/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { isMarker } from '../../src/s3/model/VersionHistory.ts';
import { versionIdOf } from '../../src/s3/model/versionIds.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const BUCKET = 'states';
const everything = { prefix: '', delimiter: '', keyMarker: '', versionIdMarker: '', limit: 1000 };

describe('the versions of a bucket on disk', () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 20));
  let directory: string;
  let remove: () => void;
  let store: ObjectStore;
  const reopen = () => {
    store.close();
    store = ObjectStore.open({ directory, clock });
  };
  const status = (Status: 'Enabled' | 'Suspended') => {
    const bucket = store.bucket(BUCKET);
    bucket.settings = { ...bucket.settings, VersioningConfiguration: { Status } };
  };
  const text = async (key: string, versionId?: string) => {
    let body = '';
    for await (const chunk of store.get(BUCKET, key, undefined, versionId).body) body += String(chunk);
    return body;
  };
  const internal = (...path: string[]) => join(directory, '.store', BUCKET, ...path);

  beforeEach(() => {
    ({ path: directory, remove } = temporaryDirectory());
    store = ObjectStore.open({ directory, clock });
    store.createBucket(BUCKET);
  });
  afterEach(() => {
    store.close();
    remove();
  });

  /** Expected contents of a bucket, as the newest-first list of each key's versions; undefined is a marker. */
  type Model = Map<string, { id: string; body: string | undefined }[]>;

  async function compare(model: Model): Promise<void> {
    const found: unknown[] = [];
    for (const entry of store.bucket(BUCKET).listVersions(everything).entries) {
      if ('commonPrefix' in entry) throw new Error('no delimiter was given');
      const { version, isLatest } = entry;
      const id = versionIdOf(version);
      found.push({
        key: version.key,
        id,
        isLatest,
        body: isMarker(version) ? undefined : await text(version.key, id),
      });
    }
    const expected = [...model]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, versions]) => versions.map((version, i) => ({ key, isLatest: i === 0, ...version })));
    expect(found).toEqual(expected);
    for (const [key, [newest]] of model) {
      const body = store.bucket(BUCKET).find(key) === undefined ? undefined : await text(key);
      expect(body).toBe(newest?.body);
    }
  }

  it('are those of a simple list, through any calls and restarts', async () => {
    const key = fc.constantFrom('a', 'a/b', 'odd?');
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ op: fc.constant('put' as const), key }) },
      { weight: 3, arbitrary: fc.record({ op: fc.constant('delete' as const), key }) },
      { weight: 4, arbitrary: fc.record({ op: fc.constant('version' as const), key, index: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('Enabled' as const, 'Suspended' as const) }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('reopen' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        store.close();
        rmSync(directory, { recursive: true });
        store = ObjectStore.open({ directory, clock });
        store.createBucket(BUCKET);
        const model: Model = new Map();
        /** Adds the newest version. One without an ID replaces the one without an ID. */
        const addVersion = (key: string, id: string, body: string | undefined) => {
          const versions = model.get(key) ?? [];
          const older = id === 'null' ? versions.filter((version) => version.id !== 'null') : versions;
          model.set(key, [{ id, body }, ...older]);
        };
        const dropVersion = (key: string, id: string) => {
          const kept = (model.get(key) ?? []).filter((version) => version.id !== id);
          if (kept.length === 0) model.delete(key);
          else model.set(key, kept);
        };
        for (const [round, taken] of steps.entries()) {
          if (taken.op === 'put') {
            const { versionId = 'null' } = await store.put(BUCKET, taken.key, `body ${round}`);
            addVersion(taken.key, versionId, `body ${round}`);
          } else if (taken.op === 'delete') {
            const { versionId, isMarker: hasMarker } = store.delete(BUCKET, taken.key);
            if (hasMarker) addVersion(taken.key, versionId ?? '', undefined);
            else dropVersion(taken.key, 'null');
          } else if (taken.op === 'version') {
            const id = model.get(taken.key)?.[taken.index]?.id ?? 'null';
            store.bucket(BUCKET).deleteVersion(taken.key, id);
            dropVersion(taken.key, id);
          } else if (taken.op === 'reopen') reopen();
          else status(taken.op);
        }
        await compare(model);
        reopen();
        await compare(model);
        // The newest version is the object's own file. Markers have no file.
        const olderBodies = [...model.values()].flatMap(([, ...older]) =>
          older.filter(({ body }) => body !== undefined),
        );
        expect(readdirSync(internal('versions'))).toHaveLength(olderBodies.length);
        expect(readdirSync(internal('tmp'))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('are whole when a process is killed after the line of a write and before its files', async () => {
    status('Enabled');
    const { versionId: first } = await store.put(BUCKET, 'x', 'first');
    const { versionId: second } = await store.put(BUCKET, 'x', 'second');
    store.close();
    const lines = readFileSync(internal('journal.ndjson'), 'utf8').trimEnd().split('\n');
    const temp = /"temp":"([^"]+)"/.exec(lines.at(-1) ?? '')?.[1] ?? '';
    renameSync(join(directory, BUCKET, 'x'), internal('tmp', temp));
    writeFileSync(join(directory, BUCKET, 'x'), 'first');
    writeFileSync(internal('versions', 'stray'), 'of a version that is gone');
    store = ObjectStore.open({ directory, clock });
    expect(await text('x')).toBe('second');
    expect(await text('x', first)).toBe('first');
    expect(await text('x', second)).toBe('second');
    expect(readdirSync(internal('versions'))).toEqual([first]);
  });
});
