import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { anyVersion, listObjects } from '../../lib/base/ObjectStore.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { writeNote } from '../../lib/landing/LandingNote.ts';
import { encodeLines, type LandedRow, type LandedRows } from '../../lib/landing/store/encodeLines.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { startS3 } from '../../packages/local-aws/src/testing/startS3.ts';

const BUCKET = 'sluice-own';

/** A row of a table, as the collector writes it. */
export function rowOf(table: TableKind, id: string, day = '2026-11-23', more: object = {}): LandedRow {
  const time = `${day}T09:30:00.123Z`;
  const own = {
    exposures: { event_id: id, experiment_id: 'button', gate_value: true, timestamp: time },
    events: { event_id: id, event_name: 'page_view', event_value: '1', timestamp: time },
    quarantine: { quarantine_id: id, reason: 'SLUICE_EVENT_NO_NAME', received_at: time, raw: '{"a": 1}' },
  };
  return { day, json: JSON.stringify({ ...own[table], ...more }) };
}

/** The record of a request. */
export const recordOf = (rows: LandedRows) => Buffer.from(encodeLines(rows) ?? []);

/** The bucket of a deployment in an S3 of its own, by a real client over HTTP. */
export async function startLanding() {
  const clock = new ManualClock(Date.parse('2026-11-23T10:00:07Z'));
  const { client: s3, store: buckets, directory, close } = await startS3(clock);
  buckets.ensureBucket(BUCKET, { eventBridge: false });
  const config = defineConfig({ bucket: BUCKET, unitIds: { companyID: 'company_id' } });
  const store = s3ObjectStore(s3, BUCKET);
  const keys = async (prefix = '') => {
    const found: string[] = [];
    for await (const { key } of listObjects(store, prefix)) found.push(key);
    return found;
  };
  return {
    clock,
    buckets,
    config,
    directory,
    s3,
    store,
    keys,
    close,
    /** Has the bucket keep versions. */
    keepVersions: () =>
      s3.send(
        new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }),
      ),
    /** Notes that an object is written, and why it is not deleted. */
    async noteWritten(key: string, why: string): Promise<void> {
      const { eTag = '', modifiedAt = 0 } = (await store.open(key)) ?? {};
      await writeNote(store, { key, eTag, modifiedAt }, { written: true, why });
    },
    put: (key: string, body: Uint8Array) => store.write(key, body, { contentType: 'application/gzip' }),
    /** Everything away, for the next example. */
    empty: async () => void (await store.removeAll(anyVersion(await keys()))),
  };
}
