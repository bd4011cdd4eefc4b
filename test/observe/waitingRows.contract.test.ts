import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { walkRecords } from '../../lib/landing/frames/records.ts';
import { keyOfList, listText } from '../../lib/landing/write/landedLists.ts';
import { directRecordKey, parkedKey } from '../../lib/tables/objectKeys.ts';
import { readWaitingRows } from '../../observe/facts/flow/waitingRows.ts';
import { recordFor, rowOf, startWriter, type Writer } from '../lib/landing/write/startWriter.ts';

const DAY = '2026-11-23';
const BATCH = 'landing/2026/11/23/10/a';
const DIRECT = directRecordKey('b'.repeat(64));

let writer: Writer;
beforeAll(async () => {
  writer = await startWriter();
});
afterEach(async () => {
  for (const key of await writer.keys()) await writer.store.discard(key);
});
afterAll(() => writer.close());

async function waiting() {
  const { rows, unreadObjects } = await readWaitingRows(writer, () => true);
  const found = rows.map(({ folder, key, kind, row }) => [folder, key, kind, row['event_id']]);
  return { found: found.sort(), unreadObjects };
}

const event = (id: string) => recordFor({ events: [rowOf('events', id, DAY)] });

describe('rows that wait', () => {
  it('are in objects of the landing, and once in those that a list names', async () => {
    await writer.put(
      BATCH,
      Buffer.concat([event('a'), recordFor({ exposures: [rowOf('exposures', 'b', DAY)] }), event('c')]),
    );
    await writer.put(DIRECT, event('d'));
    await writer.put(keyOfList([DIRECT]), Buffer.from(listText({ members: [DIRECT], written: null })));
    expect(await waiting()).toEqual({
      found: [
        ['landing', BATCH, 'events', 'a'],
        ['landing', BATCH, 'events', 'c'],
        ['landing', BATCH, 'exposures', 'b'],
        ['landing', DIRECT, 'events', 'd'],
      ],
      unreadObjects: 0,
    });
    await writer.write(BATCH);
    await writer.write(keyOfList([DIRECT]));
    expect(await waiting()).toEqual({ found: [], unreadObjects: 0 });
  });

  it('are in what the writer parked as far as it can be read, and the others are counted', async () => {
    const damaged = recordFor({
      events: [rowOf('events', 'a', DAY)],
      exposures: [rowOf('exposures', 'b', DAY)],
    });
    const at = (walkRecords(damaged)[0]?.frames[0]?.offset ?? 0) + 5;
    damaged.writeUInt8((damaged[at] ?? 0) ^ 1, at);
    await writer.put(parkedKey(BATCH), damaged);
    await writer.put(parkedKey(DIRECT), event('c').subarray(0, -1));
    await writer.put(parkedKey(`${BATCH}.7`), event('d'));
    expect(await waiting()).toEqual({
      found: [
        ['parked', parkedKey(BATCH), 'events', 'a'],
        ['parked', parkedKey(`${BATCH}.7`), 'events', 'd'],
      ],
      unreadObjects: 2,
    });
  });

  it('are left out if the object has become files meanwhile, and counted if it was replaced', async () => {
    await writer.put(BATCH, event('a'));
    await writer.put(DIRECT, event('b'));
    const name = 'meanwhile';
    writer.s3.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          if (commandName !== 'ListObjectsV2Command') return answer;
          writer.s3.middlewareStack.remove(name);
          await writer.store.discard(BATCH);
          await writer.put(DIRECT, event('c'));
          return answer;
        },
      { step: 'initialize', name },
    );
    expect(await readWaitingRows(writer, () => true)).toEqual({ rows: [], unreadObjects: 1 });
  });
});
