import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { rootOf } from 'local-aws/iam';
import { parquetFromQuery } from '../../../cli/ingest/dropFiles.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { ingestedTables } from '../../../lib/tables/ingestedTables.ts';
import { ingestedTableFolder } from '../../../lib/tables/tableFolders.ts';
import { acmeSource } from '../../harness/configInput.ts';
import { onDecision } from '../../harness/decisions.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';
import { SESSION_KEY, startSts } from '../../harness/startSts.ts';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/sluice-test-load`;
const BUCKET = 'sluice-own';
const DROPS = 'acme-drops';
const DAY = '2026-11-19';
const input = {
  bucket: BUCKET,
  sources: [acmeSource({ owner: ACCOUNT, settleMinutes: 0, receipt: 'receipts' })],
};
const config = defineConfig(input);
/** Which access keys have signed calls of S3. */
const signed = new Set<string>();
/** Which access keys have written receipts. */
const wroteReceipts = new Set<string | undefined>();
const endDecisions = onDecision(({ action, resource, caller }) => {
  if (action === 's3:PutObject' && resource.includes(`${DROPS}/receipts/`))
    wroteReceipts.add(caller.arn.split('/').at(-1));
});
const sts = await startSts();
const aws = await startAws({
  callerOf({ accessKeyId }) {
    signed.add(accessKeyId);
    return { ...rootOf(ACCOUNT), arn: `arn:aws:iam::${ACCOUNT}:user/${accessKeyId}` };
  },
});
for (const bucket of [BUCKET, DROPS]) aws.store.createBucket(bucket);
ensureTables(
  aws.catalog,
  config,
  ingestedTables(config).map(({ name, columns }) => {
    return { name, columns, folder: ingestedTableFolder(config, name) };
  }),
);
const drop = async (name: string) =>
  aws.store.put(
    DROPS,
    `events/${DAY}/${name}`,
    await parquetFromQuery(
      `SELECT TIMESTAMP '${DAY} 10:00:00' AS timestamp, 'e' AS event_name, 'u' AS unit_id`,
    ),
  );
await drop('a.parquet');
const environment = {
  AWS_ENDPOINT_URL: aws.options.endpoint,
  AWS_ENDPOINT_URL_STS: sts.url,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  SLUICE_BUCKET: BUCKET,
  SLUICE_LOAD_QUEUE: aws.addQueue('load'),
  SLUICE_TRIES: '3',
  SLUICE_ROLE: ROLE,
};
const { random } = Math;
// Attempts to assume the role follow at once.
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
});
afterAll(async () => {
  Math.random = random;
  endDecisions();
  await aws.close();
  sts.close();
});

const task = { source: 'acme', dataset: 'events', day: DAY, fingerprint: 'f', reason: 'new' };
const load = (receives = 1) => invoke({ Records: [queueMessage('m', JSON.stringify(task), receives)] });

describe('the load', () => {
  it('tries again while its role cannot be assumed, and nothing is written', async () => {
    sts.refuses = true;
    expect(await load()).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(lines).toMatchObject([{ event: 'ingest_load', error: 'SLUICE_INGEST_SESSION_REFUSED' }]);
    expect(aws.keys(BUCKET, 'ledger/acme/')).toEqual([]);
  });

  it('loads a day with a session of its role that is limited to the dataset, and writes the receipt', async () => {
    expect(await load()).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: 'ingest_load',
        source: 'acme',
        dataset: 'events',
        outcome: 'succeeded',
      }),
    );
    expect(sts.asked).toMatchObject([
      { RoleArn: ROLE, RoleSessionName: 'acme-events', Policy: expect.stringContaining(`${DROPS}/events/`) },
    ]);
    // Its own role sweeps behind the day.
    expect([...signed].sort()).toEqual([SESSION_KEY, 'test']);
    const { partitions } = aws.catalog.table(config.database, 'acme_events');
    expect(partitions.map(({ values }) => values)).toEqual([[DAY]]);
    expect(aws.keys(DROPS, 'receipts/')).toHaveLength(1);
    expect([...wroteReceipts]).toEqual([SESSION_KEY]);
  });

  it('fails a day for good at the try after which its queue gives up', async () => {
    await drop('b.parquet');
    aws.faults.set({ glue: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await load(2)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(await load(3)).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'ingest_load', outcome: 'failed' }));
    aws.faults.clear();
  });

  it('sweeps without a session', async () => {
    expect(await invoke({ Records: [queueMessage('m', '{"sluice":"sweep"}')] })).toEqual({
      batchItemFailures: [],
    });
    expect(sts.asked).toEqual([]);
    expect([...signed]).toEqual(['test']);
  });
});
