import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ListedObject } from '../../../../lib/base/ObjectStore.ts';
import { gatherRecords } from '../../../../lib/landing/write/gatherRecords.ts';
import { lookAtLanding } from '../../../../lib/landing/write/lookAtLanding.ts';
import { directRecordKey, LISTS_FOLDER } from '../../../../lib/tables/objectKeys.ts';
import { CLAIM_MS, recordFor, rowOf, startWriter, type Writer } from './startWriter.ts';

const DAY = '2026-11-23';
const HOUR_MS = 3_600_000;
/** More than a look counts. */
const MANY = 100_001;

let writer: Writer;
beforeEach(async () => {
  writer = await startWriter();
});
afterEach(() => writer.close());

describe('a look at a landing with more objects than it counts', () => {
  it('writes lists and objects of Firehose that have no message: only they make the others go', async () => {
    const own = recordFor({ events: [rowOf('events', 'own', DAY)] }, 'a1');
    await writer.put(directRecordKey(hash('sha256', own)), own);
    await gatherRecords({ store: writer.store }, writer.clock.now() + CLAIM_MS);
    const [ownList] = await writer.keys(LISTS_FOLDER);
    const batch = 'landing/2026/11/23/09/batch';
    await writer.put(batch, recordFor({ events: [rowOf('events', 'batch', DAY)] }, 'b2'));
    const modifiedAt = writer.clock.now();
    writer.clock.advance(HOUR_MS);
    async function* list(prefix: string): AsyncIterable<ListedObject> {
      for (let i = 0; i < MANY; i += 1) {
        const key = directRecordKey(i.toString(16).padStart(64, '0'));
        if (key.startsWith(prefix)) yield { key, size: 1, eTag: '"1"', modifiedAt };
      }
      yield* writer.store.list(prefix);
    }
    const lines: Record<string, unknown>[] = [];
    const time = { deadline: writer.clock.now() + 600_000, claimUntil: writer.clock.now() + CLAIM_MS };
    const report = await lookAtLanding(
      writer.of({ store: { ...writer.store, list }, log: (line) => lines.push(line) }),
      time,
    );
    expect(report).toMatchObject({ waiting: 100_000, oldest_seconds: HOUR_MS / 1_000 });
    expect(lines.find(({ event }) => event === 'write')).toMatchObject({
      objects: { written: 2 },
      written: 2,
    });
    // The look has gathered some of the many.
    expect(await writer.keys(LISTS_FOLDER)).not.toContain(ownList);
    expect(await writer.keys('landing/2026/')).toEqual([]);
    expect((await writer.rows('events')).map(({ event_id: id }) => id).sort()).toEqual(['batch', 'own']);
  });
});
