import { describe, expect, it } from '@jest/globals';
import type { QuarantinedItem } from '../../../observe/quarantine/revalidate.ts';
import { type LandRows, redriveQuarantine } from '../../../operate/quarantine/redriveQuarantine.ts';

const ROW = { day: '2026-11-20', json: JSON.stringify({ event_id: 'e', event_value: 'x'.repeat(900_000) }) };

describe('redriveQuarantine', () => {
  it('delivers large rows before it reads many more', async () => {
    let drawn = 0;
    let delivered = 0;
    let mostHeld = 0;
    async function* quarantined(): AsyncGenerator<QuarantinedItem> {
      for (; drawn < 10; drawn += 1) {
        mostHeld = Math.max(mostHeld, drawn * 10 - delivered);
        const quarantineId = `q${drawn}`;
        yield {
          quarantineId,
          receivedAt: 0,
          reason: 'SLUICE_BODY_NOT_JSON',
          path: '',
          raw: null,
          sdkType: null,
          sdkVersion: null,
        };
      }
    }
    const land: LandRows = async ({ events }) => {
      delivered += events.length;
    };
    const report = await redriveQuarantine(
      quarantined(),
      () => ({
        rows: { exposures: [], events: Array.from({ length: 10 }, () => ROW) },
        refused: [],
        ignored: 0,
      }),
      land,
      { hasEvent: () => false, add: async () => {} },
    );
    expect(report).toMatchObject({ found: 10, delivered: { exposures: 0, events: 100 }, failed: {} });
    // 16 million characters, and what one more holds.
    expect(mostHeld).toBeLessThanOrEqual(28);
  });

  it('records what the bucket took, and counts what it did not take by the name of the error', async () => {
    async function* quarantined(): AsyncGenerator<QuarantinedItem> {
      for (const quarantineId of ['a', 'b', 'c'])
        yield {
          quarantineId,
          receivedAt: 0,
          reason: 'SLUICE_BODY_NOT_JSON',
          path: '',
          raw: null,
          sdkType: null,
          sdkVersion: null,
        };
    }
    const landed: string[] = [];
    const recorded: string[] = [];
    const report = await redriveQuarantine(
      quarantined(),
      ({ quarantineId }) => ({
        // Two of these fill a record.
        rows: {
          exposures: [{ day: '2026-11-20', json: `{"event_id":"${quarantineId}"}` }],
          events: [
            {
              day: '2026-11-20',
              json: `{"event_id":"${quarantineId}","pad":"${'x'.repeat(9_000_000)}","received_at":"2026-11-20T07:59:59.999Z"}`,
            },
          ],
        },
        refused: [],
        ignored: 0,
      }),
      async ({ exposures, events }) => {
        if (landed.length > 0) throw new RangeError('full');
        landed.push(
          ...[...exposures, ...events].map(({ hour, json }) => `${hour} ${JSON.parse(json).event_id}`),
        );
      },
      { hasEvent: () => false, add: async ({ rows }) => void recorded.push(...rows) },
    );
    // Their lines say in which hour they were received, if they do.
    expect(landed).toEqual(['null a', 'null b', '2026-11-20T07 a', '2026-11-20T07 b']);
    expect(recorded).toEqual(['a', 'b']);
    expect(report).toMatchObject({ delivered: { exposures: 2, events: 2 }, failed: { RangeError: 2 } });
  });
});
