import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { type QuarantinedItem, revalidator } from '../../../observe/quarantine/revalidate.ts';
import { type LandRows, redriveQuarantine } from '../../../operate/quarantine/redriveQuarantine.ts';

const DAY = '2026-11-20';

/** A refused body in quarantine. */
const itemOf = (quarantineId: string): QuarantinedItem => ({
  quarantineId,
  receivedAt: 0,
  reason: 'SLUICE_BODY_NOT_JSON',
  path: '',
  raw: null,
  sdkType: null,
  sdkVersion: null,
});

describe('redriveQuarantine', () => {
  it('delivers large rows before it reads many more, and records each item once all of its rows are delivered', async () => {
    const ITEMS = 10;
    const ROWS_PER_ITEM = 10;
    const row = { day: DAY, json: JSON.stringify({ event_id: 'e', event_value: 'x'.repeat(900_000) }) };
    let delivered = 0;
    let mostHeld = 0;
    const recorded: string[] = [];
    async function* quarantined(): AsyncGenerator<QuarantinedItem> {
      for (let drawn = 0; drawn < ITEMS; drawn += 1) {
        mostHeld = Math.max(mostHeld, drawn * ROWS_PER_ITEM - delivered);
        yield itemOf(`q${drawn}`);
      }
    }
    const land: LandRows = async ({ events }) => {
      delivered += events.length;
    };
    const report = await redriveQuarantine(
      quarantined(),
      () => ({
        rows: { exposures: [], events: Array.from({ length: ROWS_PER_ITEM }, () => row) },
        refused: [],
        ignored: 0,
      }),
      land,
      {
        hasEvent: () => false,
        add: async ({ rows }) => void recorded.push(...rows.map((id) => `${id} of ${delivered}`)),
      },
    );
    expect(report).toMatchObject({ found: ITEMS, delivered: { exposures: 0, events: 100 }, failed: {} });
    // 18 rows are more than 16 million characters.
    expect(mostHeld).toBe(16);
    // Ten rows of each, 18 at a time.
    expect(recorded).toEqual([
      'q0 of 18',
      'q1 of 36',
      'q2 of 36',
      'q3 of 54',
      'q4 of 54',
      'q5 of 72',
      'q6 of 72',
      'q7 of 90',
      'q8 of 90',
      'q9 of 100',
    ]);
  });

  it('counts what is gone by itself, not as still refused', async () => {
    async function* quarantined(): AsyncGenerator<QuarantinedItem> {
      yield { ...itemOf('gone'), raw: null, isGone: true };
      yield { ...itemOf('redacted'), raw: null };
    }
    const revalidate = revalidator(defineConfig({ bucket: 'bucket' }));
    const record = { hasEvent: () => false, add: async () => undefined };
    const report = await redriveQuarantine(quarantined(), revalidate, null, record);
    expect(report).toMatchObject({ found: 2, gone: 1, refused: { SLUICE_BODY_NOT_JSON: 1 } });
  });

  it('lands 5,000 rows at a time, however small they are', async () => {
    async function* quarantined(): AsyncGenerator<QuarantinedItem> {
      yield itemOf('q');
    }
    const landed: number[] = [];
    const events = Array.from({ length: 5_001 }, (_, i) => ({ day: DAY, json: `{"event_id":"${i}"}` }));
    await redriveQuarantine(
      quarantined(),
      () => ({ rows: { exposures: [], events }, refused: [], ignored: 0 }),
      async (rows) => void landed.push(rows.events.length),
      { hasEvent: () => false, add: async () => undefined },
    );
    expect(landed).toEqual([5_000, 1]);
  });

  describe('of three events, of which two fill a record, and a bucket that takes one record', () => {
    const redriven = async () => {
      async function* quarantined(): AsyncGenerator<QuarantinedItem> {
        for (const id of ['a', 'b', 'c']) yield itemOf(id);
      }
      const landed: string[] = [];
      const recorded: string[] = [];
      const report = await redriveQuarantine(
        quarantined(),
        ({ quarantineId: event_id }) => {
          const received = { received_at: '2026-11-20T07:59:59.999Z', pad: 'x'.repeat(9_000_000) };
          const exposures = [{ day: DAY, json: JSON.stringify({ event_id }) }];
          const events = [{ day: DAY, json: JSON.stringify({ event_id, ...received }) }];
          return { rows: { exposures, events }, refused: [], ignored: 1 };
        },
        async ({ exposures, events }) => {
          if (landed.length > 0) throw new RangeError('full');
          for (const { hour, json } of [...exposures, ...events])
            landed.push(`${hour} ${JSON.parse(json).event_id}`);
        },
        { hasEvent: () => false, add: async ({ rows }) => void recorded.push(...rows) },
      );
      return { landed, recorded, report };
    };

    it('lands rows with the hour in which they were received, if they say it', async () => {
      const { landed } = await redriven();
      expect(landed).toEqual(['null a', 'null b', '2026-11-20T07 a', '2026-11-20T07 b']);
    });

    it('records what the bucket took', async () => {
      expect((await redriven()).recorded).toEqual(['a', 'b']);
    });

    it('counts what the bucket took, and what it did not by the name of the error', async () => {
      const { report } = await redriven();
      expect(report).toMatchObject({
        delivered: { exposures: 2, events: 2 },
        failed: { RangeError: 2 },
        ignored: 3,
      });
    });
  });
});
