import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { encodeRecord } from '../../../../lib/landing/frames/encodeRecord.ts';
import { walkRecords } from '../../../../lib/landing/frames/records.ts';
import { type OutputPart, planOutputs, refusedKey } from '../../../../lib/landing/write/planOutputs.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { isDeliveredFile, parseTableKey } from '../../../../lib/tables/tableFolders.ts';

const config = defineConfig({ bucket: 'sluice-own' });
const KEY = 'landing/2026/11/23/10/sluice-1-2026-11-23-10-00-00-7a3e';
const AT = Date.parse('2026-11-23T10:00:07Z');

const rows = fc.array(
  fc.record({
    day: fc.constantFrom('2026-11-21', '2026-11-22', '2026-11-23'),
    json: fc.string({ minLength: 1, maxLength: 40 }).map((text) => JSON.stringify({ text })),
  }),
  { maxLength: 8 },
);
const object = fc
  .array(fc.record({ exposures: rows, events: rows, quarantine: rows }), { maxLength: 12 })
  .map((requests) =>
    Buffer.concat(
      requests.map(
        (of, i) =>
          encodeRecord({ id: String(i).padStart(32, '0'), request: null, receivedAt: AT + i, rows: of })
            .bytes,
      ),
    ),
  );
const outputs = (parts: readonly OutputPart[]) => parts.flatMap((part) => part.outputs);

describe('the files that an object of the landing becomes', () => {
  it('follow from its key and its headers alone', () => {
    fc.assert(
      fc.property(object, fc.integer({ min: 1, max: 400 }), (bytes, most) => {
        const plan = planOutputs(config, KEY, walkRecords(bytes), most);
        // The contents of frames are not read.
        for (const { frames } of walkRecords(bytes))
          for (const { offset, length } of frames) bytes.fill(0, offset, offset + length);
        expect(planOutputs(config, KEY, walkRecords(bytes), most)).toEqual(plan);
      }),
    );
  });

  it('have every frame in one part, in order, and every row in one output', () => {
    fc.assert(
      fc.property(object, fc.integer({ min: 1, max: 400 }), (bytes, most) => {
        const records = walkRecords(bytes);
        const plan = planOutputs(config, KEY, records, most);
        for (const table of tableKinds) {
          const own = plan.filter((part) => part.table === table);
          const frames = records.flatMap((record) => record.frames.filter((frame) => frame.table === table));
          expect(own.flatMap((part) => part.frames.map(({ frame }) => frame))).toEqual(frames);
          expect(own.map(({ number }) => number)).toEqual([...own.keys()]);
          const stated = frames.flatMap((frame) => Object.values(frame.rows)).reduce((sum, n) => sum + n, 0);
          expect(outputs(own).reduce((sum, { rows: n }) => sum + n, 0)).toBe(stated);
          for (const part of own) {
            const decoded = part.frames.reduce((sum, { frame }) => sum + frame.decoded, 0);
            expect(part.frames.length === 1 || decoded <= most).toBe(true);
          }
        }
      }),
    );
  });

  it('have keys of their own, in the folder of their day, of the form of delivered files', () => {
    fc.assert(
      fc.property(object, (bytes) => {
        const plan = planOutputs(config, KEY, walkRecords(bytes), 100);
        const refused = plan.map((part) => refusedKey(config, KEY, part, AT));
        const keys = [...outputs(plan).map(({ key }) => key), ...refused];
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.every(isDeliveredFile)).toBe(true);
        for (const part of plan)
          for (const { key, day } of part.outputs)
            expect(parseTableKey(config, key)).toEqual({ kind: part.table, day });
        for (const key of refused)
          expect(parseTableKey(config, key)).toEqual({ kind: 'quarantine', day: '2026-11-23' });
      }),
    );
  });

  it('are named by the time of the first request and by the object', () => {
    const day = '2026-11-22';
    const { bytes } = encodeRecord({
      ...{ id: '0'.repeat(32), request: null, receivedAt: AT },
      rows: { events: [{ day, json: '{}' }] },
    });
    const [own] = outputs(planOutputs(config, KEY, walkRecords(bytes)));
    const [other] = outputs(planOutputs(config, `${KEY}2`, walkRecords(bytes)));
    expect(own?.key).toMatch(
      /^statsig\/statsig_forwarded_events\/\w+\/2026-11-22\/sluice-1-2026-11-23-10-00-07-[0-9a-f-]{36}\.parquet$/,
    );
    expect(other?.key).not.toBe(own?.key);
  });

  it('are none without rows', () => {
    const { bytes } = encodeRecord({ id: '0'.repeat(32), request: null, receivedAt: AT, rows: {} });
    expect(planOutputs(config, KEY, walkRecords(bytes))).toEqual([]);
    expect(planOutputs(config, KEY, [])).toEqual([]);
  });
});
