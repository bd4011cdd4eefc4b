import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { ingestedTables } from '../../../lib/tables/ingestedTables.ts';
import { ingestedTableFolder } from '../../../lib/tables/tableFolders.ts';
import { rootOf } from '../../../packages/local-aws/src/iam/index.ts';
import { onAwsCall } from '../../harness/awsCalls.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';
import { SESSION_KEY, startSts } from '../../harness/startSts.ts';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/sluice-test-load`;
const BUCKET = 'sluice-own';
const DROPS = 'acme-drops';
/** Days with a file each. */
const DAYS = ['2026-11-19', '2026-11-18', '2026-11-17', '2026-11-16'] as const;
const [FIRST, SECOND, THIRD, FOURTH] = DAYS;
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef`;
const input = {
  bucket: BUCKET,
  existing: { keyArn: KEY },
  sources: [
    acmeSource({
      owner: ACCOUNT,
      settleMinutes: 0,
      receipt: 'receipts',
      datasets: [eventsDataset(), eventsDataset({ name: 'orders' })],
    }),
  ],
};
const config = defineConfig(input);
/** Names of the calls that each access key has signed. */
const signed = new Map<string, Set<string>>();
const endCalls = onAwsCall(({ accessKeyId, name }) => {
  signed.set(accessKeyId, (signed.get(accessKeyId) ?? new Set()).add(name));
});
const sts = await startSts();
const aws = await startAws({ callerOf: () => rootOf(ACCOUNT) });
for (const bucket of [BUCKET, DROPS]) aws.store.createBucket(bucket);
ensureTables(
  aws.catalog,
  config,
  ingestedTables(config).map(({ name, columns }) => {
    return { name, columns, folder: ingestedTableFolder(config, name) };
  }),
);
for (const day of DAYS)
  await aws.store.put(
    DROPS,
    `events/${day}/a.parquet`,
    await parquetOf(`SELECT TIMESTAMP '${day} 10:00:00' AS timestamp, 'e' AS event_name, 'u' AS unit_id`),
  );
const environment = {
  AWS_ENDPOINT_URL: aws.options.endpoint,
  AWS_ENDPOINT_URL_STS: sts.url,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  SLUICE_BUCKET: BUCKET,
  SLUICE_LOAD_QUEUE: aws.addQueue('load'),
  SLUICE_TRIES: '3',
  SLUICE_ROLE: ROLE,
};
const { random: realRandom } = Math;
// Attempts to assume the role follow at once: the handler makes its own draws, and takes none.
Math.random = () => 0;
const { lines, invoke } = await configuredFunction(
  input,
  environment,
  () => import('../../../functions/ingest-load/handler.ts'),
);
afterEach(() => {
  sts.refuses = false;
  sts.asked.length = 0;
  signed.clear();
  aws.faults.clear();
});
afterAll(async () => {
  Math.random = realRandom;
  endCalls();
  await aws.close();
  sts.close();
});

/** Delivers the task of a day, which the queue has handed out that often. */
function load(day: string, receives = 1) {
  const task = { source: 'acme', dataset: 'events', day, fingerprint: 'f', reason: 'new' };
  return invoke({ Records: [queueMessage('m', JSON.stringify(task), receives)] });
}

describe('the load', () => {
  it('tries again while its role cannot be assumed, and nothing is written', async () => {
    sts.refuses = true;
    const before = aws.keys(BUCKET);
    expect(await load(FIRST)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(lines).toMatchObject([{ event: 'ingest_load', error: 'SLUICE_INGEST_SESSION_REFUSED' }]);
    expect(aws.keys(BUCKET)).toEqual(before);
  });

  it('loads a day, and registers its partition', async () => {
    expect(await load(FIRST)).toEqual({ batchItemFailures: [] });
    const done = { event: 'ingest_load', source: 'acme', dataset: 'events', outcome: 'succeeded' };
    expect(lines).toContainEqual(expect.objectContaining(done));
    const { partitions } = aws.catalog.table(config.database, 'acme_events');
    expect(partitions.map(({ values }) => values)).toContainEqual([FIRST]);
  });

  it('loads with a session of its role that is limited to the dataset, and sweeps as itself', async () => {
    expect(await load(SECOND)).toEqual({ batchItemFailures: [] });
    expect(sts.asked).toMatchObject([
      { RoleArn: ROLE, RoleSessionName: 'acme-events', Policy: expect.stringContaining(`${DROPS}/events/`) },
    ]);
    // It may use the key of the bucket.
    expect(sts.asked[0]?.['Policy']).toContain(KEY);
    expect(sts.asked[0]?.['Policy']).not.toMatch(/orders|"Resource":"\*"/);
    expect([...signed.keys()].sort()).toEqual([SESSION_KEY, 'test']);
    // It assumes the role, and lists the notes of versions that are to be deleted.
    expect([...(signed.get('test') ?? [])].sort()).toEqual([`GET /${BUCKET}/`, 'POST /']);
  });

  it('writes the receipt with that session', async () => {
    expect(await load(THIRD)).toEqual({ batchItemFailures: [] });
    expect(aws.keys(DROPS, `receipts/events/${THIRD}/`)).toHaveLength(1);
    expect([...(signed.get(SESSION_KEY) ?? [])]).toContainEqual(
      expect.stringContaining(`PUT /${DROPS}/receipts/`),
    );
  });

  it('logs a day as failed at the try after which its queue gives up', async () => {
    aws.faults.set({ glue: [{ fault: 'failCalls', calls: 'all' }] });
    const failed = expect.objectContaining({ event: 'ingest_load', outcome: 'failed' });
    expect(await load(FOURTH, 2)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(lines).not.toContainEqual(failed);
    expect(await load(FOURTH, 3)).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(failed);
  });

  it('asks for no session to sweep', async () => {
    expect(await invoke({ Records: [queueMessage('m', '{"sluice":"sweep"}')] })).toEqual({
      batchItemFailures: [],
    });
    expect(sts.asked).toEqual([]);
    expect([...signed.keys()]).toEqual(['test']);
  });
});
