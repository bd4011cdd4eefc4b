import { describe, expect, it } from '@jest/globals';
import type { QuarantinedItem } from '../../../lib/collect/revalidate.ts';
import type { PutRecordBatch } from '../../../lib/landing/delivery/putRecords.ts';
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
      { exposures: put, events: put },
    );
    expect(report).toMatchObject({ found: 10, delivered: { exposures: 0, events: 100 }, failed: {} });
    // 16 million characters, and what one more holds.
    expect(mostHeld).toBeLessThanOrEqual(28);
  });
});
