import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AthenaClient, StopQueryExecutionCommand } from '@aws-sdk/client-athena';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GrowthBook, GrowthBookClient } from '@growthbook/growthbook';
import { growthbookTrackingPlugin } from '@growthbook/growthbook/plugins';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assignmentQueries, factTable } from '../../cli/connect/growthbookGuide.ts';
import { utcDay } from '../../lib/base/time.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { answer, start } from '../harness/answer.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const BUCKET = 'growthbook-proof';
const USERS = 200;
const features = {
  checkout: {
    defaultValue: 'plain',
    rules: [
      { key: 'checkout-test', variations: ['plain', 'green'], hashAttribute: 'user_id', weights: [0.5, 0.5] },
    ],
  },
};

/** Figures that an analysis needs of a variation: users, the sum of a metric and the sum of its squares. */
type Sums = Record<string, { users: number; sum: number; squares: number }>;

describe('GrowthBook alone: its SDK tracks, and its reader analyses', () => {
  const directory = temporaryDirectory();
  const expected: Sums = {};
  let cloud: Cloud;
  let athena: AthenaClient;
  let s3: S3Client;

  beforeAll(async () => {
    const file = join(directory.path, 'sluice.config.ts');
    const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
    const input = {
      ...{ bucket: BUCKET, protocols: ['growthbook'] },
      readers: [{ kind: 'growthbook', name: 'growthbook' }],
    };
    writeFileSync(
      file,
      `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(input)});\n`,
    );
    cloud = await startCloud({
      ...{ port: 0, edgePort: 0, enforceIam: true, data: join(directory.path, 'data') },
      load: () =>
        loadTemplate({
          root: repositoryRoot,
          cacheDirectory: join(directory.path, 'template'),
          env: { ...process.env, SLUICE_CONFIG: file },
        }),
    });
    await track(cloud.collector, expected);
    const refused = await fetch(`${cloud.collector}/track?client_key=sdk-proof`, {
      method: 'POST',
      body: '[1]',
    });
    expect(refused.status).toBe(200);
    await cloud.flush();
    const made = await fetch(`${cloud.edge}/_sluice/credentials`, {
      ...{ method: 'POST', body: JSON.stringify({ principal: 'ReaderGrowthbookUser' }) },
    });
    const credentials: { accessKeyId: string; secretAccessKey: string } = JSON.parse(await made.text());
    const place = { endpoint: cloud.edge, region: localAccount.region, credentials, maxAttempts: 1 };
    athena = new AthenaClient(place);
    s3 = new S3Client({ ...place, forcePathStyle: true });
  }, 240_000);
  afterAll(async () => {
    athena?.destroy();
    s3?.destroy();
    await cloud?.close();
    directory.remove();
  });

  /** A query as packages/back-end/src/services/athena.ts starts it: with a location and an encryption of its own. */
  const query = (QueryString: string) => ({
    ...{ QueryString, WorkGroup: 'sluice_growthbook' },
    QueryExecutionContext: { Database: 'sluice', Catalog: 'AwsDataCatalog' },
    ResultConfiguration: {
      EncryptionConfiguration: { EncryptionOption: 'SSE_S3' as const },
      OutputLocation: `s3://${BUCKET}/query-results/growthbook/`,
    },
  });

  it('has the result of the experiment, equal to numbers that were computed apart', async () => {
    const today = utcDay(Date.now());
    const filled = (sql = '') => sql.replaceAll('{{startDate}}', `${today} 00:00:00`);
    const config = { database: 'sluice', unitIds: {} };
    const { rows } = await answer(
      athena,
      query(`WITH "__rawExperiment" AS (${filled(assignmentQueries(config)[0]?.sql)}),
"__experimentUnits" AS (
  SELECT e.user_id,
    CASE WHEN count(DISTINCT e.variation_id) > 1 THEN '__multiple__' ELSE max(e.variation_id) END AS variation,
    min(e.timestamp) AS first_exposure_timestamp
  FROM "__rawExperiment" e
  WHERE e.experiment_id = 'checkout-test'
    AND e.timestamp >= from_iso8601_timestamp('${today}T00:00:00.000Z')
  GROUP BY e.user_id
),
"__metric" AS (
  SELECT m.user_id, m.value, m.timestamp FROM (${filled(factTable(config).sql)}) m WHERE m.event_name = 'purchase'
),
"__userMetric" AS (
  SELECT d.variation, d.user_id, sum(COALESCE(m.value, 0)) AS value
  FROM "__experimentUnits" d
  LEFT JOIN "__metric" m ON m.user_id = d.user_id AND m.timestamp >= d.first_exposure_timestamp
  GROUP BY d.variation, d.user_id
)
SELECT variation, count(*) AS users, sum(value) AS main_sum, sum(power(value, 2)) AS main_sum_squares
FROM "__userMetric" GROUP BY variation`),
    );
    const found: Sums = Object.fromEntries(
      rows.map(([variation, users, sum, squares]) => [
        variation,
        { users: Number(users), sum: Number(sum), squares: Number(squares) },
      ]),
    );
    expect(found).toEqual(expected);
    expect(Object.keys(expected).sort()).toEqual(['0', '1']);
  });

  it('sees columns by information_schema, and stops a query', async () => {
    const { rows } = await answer(
      athena,
      query(
        `SELECT table_name FROM AwsDataCatalog.information_schema.columns WHERE table_schema = 'sluice' AND column_name = 'protocol' ORDER BY 1`,
      ),
    );
    expect(rows.flat()).toContain('statsig_forwarded_exposures');
    const id = await start(athena, query('SELECT 1'));
    await expect(athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }))).resolves.toBeDefined();
  });

  it('may do nothing else', async () => {
    await expect(answer(athena, { ...query('SELECT 1'), WorkGroup: 'primary' })).rejects.toThrow(
      /not authorized/,
    );
    await expect(answer(athena, query('SELECT * FROM quarantine'))).rejects.toThrow(
      /not authorized|Permission denied/,
    );
    await expect(
      s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'ledger/_rules/any' })),
    ).rejects.toThrow();
  });
});

/** Tracks users who see the experiment, some of whom buy, and says what an analysis has to find. */
async function track(collector: string, expected: Sums): Promise<void> {
  const plugins = [growthbookTrackingPlugin({ ingestorHost: collector, queueFlushInterval: 1 })];
  const fetched: Promise<Response>[] = [];
  const { fetch: own } = globalThis;
  globalThis.fetch = (...request) => {
    const answered = own(...request);
    fetched.push(answered);
    return answered;
  };
  const client = new GrowthBookClient({ clientKey: 'sdk-proof', plugins }).initSync({
    payload: { features },
  });
  for (let i = 0; i < USERS; i += 1) {
    const user = client.createScopedInstance({ attributes: { user_id: `u${i}` } });
    const variation = user.getFeatureValue('checkout', 'none') === 'green' ? '1' : '0';
    const value = i % 3 === 0 ? i / 4 : 0;
    if (value > 0) user.logEvent('purchase', { value });
    const { users, sum, squares } = expected[variation] ?? { users: 0, sum: 0, squares: 0 };
    expected[variation] = { users: users + 1, sum: sum + value, squares: squares + value ** 2 };
  }
  // Its batch leaves after all others, and this SDK waits for the answer.
  const last = new GrowthBook({ clientKey: 'sdk-proof', plugins, attributes: { id: 'd' } });
  await last.logEvent('done');
  const answers = await Promise.all(fetched);
  globalThis.fetch = own;
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  last.destroy();
}
