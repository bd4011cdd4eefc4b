import { describe, expect, it } from '@jest/globals';
import type { QuarantinedItem } from '../../../lib/collect/revalidate.ts';
import type { PutRecordBatch } from '../../../lib/landing/delivery/putRecords.ts';
import { singleStreams } from '../../../lib/landing/delivery/StreamShards.ts';
import { redriveQuarantine } from '../../../observe/quarantine/redriveQuarantine.ts';

const DOCUMENT = JSON.stringify('x'.repeat(900_000));

describe('redriveQuarantine', () => {
  it('delivers large documents before it reads many more', async () => {
    let drawn = 0;
    let delivered = 0;
    let mostHeld = 0;
    async function* quarantined(): AsyncGenerator<QuarantinedItem> {
      for (; drawn < 10; drawn += 1) {
        mostHeld = Math.max(mostHeld, drawn * 10 - delivered);
        const quarantineId = `q${drawn}`;
        yield {
          ...{ quarantineId, receivedAt: 0, reason: 'SLUICE_BODY_NOT_JSON', path: '', raw: null },
          ...{ sdkType: null, sdkVersion: null },
        };
      }
    }
    const put: PutRecordBatch = async (records) => {
      delivered += records.length;
      return { kind: 'answered', errorCodes: records.map(() => null) };
    };
    const report = await redriveQuarantine(
      quarantined(),
      () => ({
        documents: { exposures: [], events: Array.from({ length: 10 }, () => DOCUMENT) },
        refused: [],
        ignored: 0,
      }),
      singleStreams({ exposures: put, events: put, quarantine: put }),
    );
    expect(report).toMatchObject({ found: 10, delivered: { exposures: 0, events: 100 }, failed: {} });
    // 16 million characters, and what one more holds.
    expect(mostHeld).toBeLessThanOrEqual(28);
  });

  it('puts nothing on a stream that is held, not even if that begins while it runs', async () => {
    const put: string[] = [];
    const stream =
      (name: string): PutRecordBatch =>
      async (records) => {
        put.push(name);
        return { kind: 'answered', errorCodes: records.map(() => null) };
      };
    async function* quarantined(): AsyncGenerator<QuarantinedItem> {
      for (const quarantineId of ['a', 'b', 'c'])
        yield {
          ...{ quarantineId, receivedAt: 0, reason: 'SLUICE_BODY_NOT_JSON', path: '', raw: null },
          ...{ sdkType: null, sdkVersion: null },
        };
    }
    const since = '2026-11-20T10:00:00.000Z';
    const hold = { since, by: 'check', why: 'Late.', until: 'delivery', probe: false } as const;
    let asked = 0;
    const recorded: string[] = [];
    const report = await redriveQuarantine(
      quarantined(),
      ({ quarantineId }) => ({
        // Two of these fill a delivery.
        documents: {
          exposures: [`{"event_id":"${quarantineId}"}`],
          events: [`{"event_id":"${quarantineId}","pad":"${'x'.repeat(9_000_000)}"}`],
        },
        refused: [],
        ignored: 0,
      }),
      singleStreams({
        exposures: stream('exposures'),
        events: stream('events'),
        quarantine: stream('quarantine'),
      }),
      {
        record: { hasEvent: () => false, add: async ({ rows }) => void recorded.push(...rows) },
        again: false,
      },
      async () => {
        asked += 1;
        return asked > 1 ? { exposures: hold, events: hold } : {};
      },
    );
    // Too large for a record: these count as failed as well, and their delivery is over before the streams are held.
    expect(report.failed).toEqual({ too_large: 2, StreamHeld: 4 });
    expect(put).toEqual([]);
    expect(recorded).toEqual([]);
  });
});
