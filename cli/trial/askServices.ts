import { gzipSync } from 'node:zlib';
import { GetDatabaseCommand, GetTablesCommand } from '@aws-sdk/client-glue';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { partName } from '../../infra/template/Stack.ts';
import { MetricsError, readMetricData } from '../../lib/aws/metricData.ts';
import { multipartUpload } from '../../lib/aws/multipartUpload.ts';
import { encryptedBy, type WrittenAs } from '../../lib/aws/writtenAs.ts';
import { errorName } from '../../lib/base/errors.ts';
import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { metricsOf, type WantedMetric } from '../../lib/base/metrics.ts';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { sum } from '../../lib/base/sum.ts';
import { counted } from '../../lib/base/text.ts';
import { DAY_MS, MINUTE_MS, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { metricStage } from '../../lib/schema/stages.ts';
import { askAthena, type Deployment } from '../../observe/deployment.ts';
import { readSettings } from '../../observe/doctor/account/lakeFormation.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { configuredDatasets } from '../../observe/facts/days/datasets.ts';
import { type ConfiguredDataset, readLedgerDays } from '../../observe/facts/days/ledgerDays.ts';
import { readAlarms } from '../../observe/facts/flow/alarms.ts';
import { requestIngest } from '../../operate/ingest/requests.ts';
import { dropKey, parquetFromQuery } from '../ingest/dropFiles.ts';
import {
  type Answer,
  answer,
  type OnProgress,
  type Probed,
  poll,
  type Run,
  unanswered,
  unlessDenied,
} from './Answer.ts';
import { postUrl } from './bodies.ts';
import { codeOf, replyText, sendRequest } from './sendRequest.ts';
import { ENCRYPTED_FOLDERS } from './Trial.ts';

/** An AWS that makes no resources of this type makes no metrics of log lines. */
const METRICS_OF_LINES = 'AWS::Logs::MetricFilter';

/** Why a question about such metrics has no answer. */
const NO_METRICS = 'nothing here makes metrics of log lines';

/** Maximum time for metrics after the last row, milliseconds: CloudWatch extracts them from logs. */
const METRICS_WAIT_MS = 180_000;

/**
 * Polls CloudWatch for a metric that a function prints, until there is a value for each request or the time is over.
 *
 * @param requests How many requests the collector has answered since the time of the run.
 * @throws What CloudWatch's client throws.
 */
export async function askMetrics(probed: Probed, { lacks, time }: Run, requests: number): Promise<Answer> {
  const code = 'SLUICE_PROBE_METRICS';
  if (lacks.has(METRICS_OF_LINES)) return unanswered(code, NO_METRICS);
  const { name } = collectMetrics.received;
  const ofCollector = metricsOf(METRIC_NAMESPACE, { function: 'collect', stage: metricStage(probed.stack) });
  const count = await pollMetric(probed, ofCollector(name, 'SampleCount'), time, requests);
  if (count === null) return unanswered(code, 'CloudWatch did not answer with all values');
  return answer(code, count >= requests, `values of ${name}: ${count} of at least ${requests}`);
}

/**
 * Polls CloudWatch for the sum of a metric since a time, until the sum is large enough or the time is over. Null if the last
 * answer was not complete.
 */
function pollMetric(
  probed: Probed,
  metric: WantedMetric,
  time: number,
  least: number,
): Promise<number | null> {
  const minute = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  return poll(probed, METRICS_WAIT_MS, async () => {
    const end = minute(probed.clock.now()) + MINUTE_MS;
    const seen = await readMetricData(probed, [metric], { start: minute(time), end }).then(
      (series) => sum(series.get(metric.id)?.values() ?? []),
      (error: unknown) => {
        if (error instanceof MetricsError) return null;
        throw error;
      },
    );
    return { seen, isThere: seen !== null && seen >= least };
  });
}

/** How many rows the dropped file has. */
const DROPPED_ROWS = 3;

/** The longest time that a load may take, milliseconds: the plan, the load, and their queues. */
const LOAD_MS = 600_000;

/** The file that a trial drops: its dataset, and its day. */
interface Dropped {
  /** The last dataset of the configuration, and its source. */
  readonly configured: ConfiguredDataset;
  /** The day of the file, UTC: the one before the run. */
  readonly day: UtcDay;
}

/**
 * Drops a file into the last dataset's folder, has it loaded, and follows it to the ledger and the table. The managed policy is
 * what lets the file be read (trialConfig), so that a load by the ledger proves the policy, whatever Athena says of the rows.
 *
 * @returns The answers about the policy and about the rows of the file.
 * @throws AwsAccessError when AWS cannot be reached; DropsError, DropFileError, LedgerError.
 */
export async function askDrop(probed: Probed, run: Run, onProgress: OnProgress): Promise<readonly Answer[]> {
  const code = 'SLUICE_PROBE_DROP';
  const configured = configuredDatasets(probed.config).at(-1);
  const day = utcDay(run.time - DAY_MS);
  const policies = await unlessDenied('SLUICE_PROBE_POLICIES', async () =>
    configured === undefined
      ? unanswered('SLUICE_PROBE_POLICIES', 'no source is configured')
      : askLoad(probed, { configured, day }, onProgress),
  );
  if (configured === undefined || policies.verdict !== 'expected') return [policies, { ...policies, code }];
  return [policies, await unlessDenied(code, () => askRows(probed, run, { configured, day }))];
}

/** Drops the file, requests its day, and polls the ledger until the day is loaded or has failed, or the time is over. */
async function askLoad(probed: Probed, dropped: Dropped, onProgress: OnProgress): Promise<Answer> {
  const { day, configured } = dropped;
  const { source, dataset } = configured;
  const rows = `SELECT TIMESTAMP ${quoteText(day)} AS at, 'drop' AS action, 'u' || i AS uid FROM range(${DROPPED_ROWS}) AS t(i)`;
  const Body = await parquetFromQuery(rows);
  await probed.s3.send(
    new PutObjectCommand({ Bucket: source.bucket, Key: dropKey(dataset, day, 'part-0.parquet'), Body }),
  );
  await requestIngest(probed, { dryRun: false, source: source.name, dataset: dataset.name });
  const entry = await poll(probed, LOAD_MS, async () => {
    const seen = await readEntry(probed, dropped);
    onProgress(`the ledger says: ${seen?.state ?? 'nothing'}`);
    return { seen, isThere: seen?.state === 'succeeded' || seen?.state === 'failed' };
  });
  const found = `${entry?.state ?? 'nothing'} ${entry?.failure?.code ?? ''}`.trim();
  return answer('SLUICE_PROBE_POLICIES', entry?.state === 'succeeded', found);
}

/** Counts the rows of the loaded file in its table; by the ledger where no Athena is. */
async function askRows(probed: Probed, { lacks }: Run, dropped: Dropped): Promise<Answer> {
  const { table } = dropped.configured.dataset;
  const sql = `SELECT count(*) AS n FROM ${quoteName(probed.config.database)}.${quoteName(table)} WHERE ds = DATE ${quoteText(dropped.day)}`;
  const isRead = !lacks.has('AWS::Athena::WorkGroup');
  const count = isRead
    ? (await askAthena(probed, sql)).rows[0]?.['n']
    : String((await readEntry(probed, dropped))?.rows.out);
  const place = isRead ? `in ${table}` : 'by the ledger';
  const found = `loaded, ${count} of ${DROPPED_ROWS} rows ${place}`;
  return answer('SLUICE_PROBE_DROP', count === String(DROPPED_ROWS), found);
}

/** What the ledger has of the day of the file now; null if it has nothing. @throws LedgerError. */
async function readEntry(probed: Probed, { configured, day }: Dropped): Promise<LedgerEntry | null> {
  const subject = { source: configured.source.name, dataset: configured.dataset.name, day };
  const [[ledgerDay] = []] = await readLedgerDays(probed, [[subject]]);
  return ledgerDay?.entry ?? null;
}

/**
 * Stores objects in the folders that demand an encryption: without the header, with it, and in parts. `aws:kms` is stated
 * without a key, as `encryption` of a target and a source has it.
 *
 * @throws What S3's client throws if S3 does not answer.
 */
export async function askEncryption({ config, s3 }: Pick<Probed, 'config' | 's3'>): Promise<Answer> {
  const code = 'SLUICE_PROBE_ENCRYPTION';
  const source = config.sources.at(-1);
  if (source === undefined) return unanswered(code, 'no source is configured');
  const found: string[] = [];
  let isExpected = true;
  for (const [folder, encryption] of Object.entries(ENCRYPTED_FOLDERS)) {
    const at = { Bucket: source.bucket, Key: `${folder}k`, ExpectedBucketOwner: source.owner };
    const stated = encryptedBy({ encryption });
    const put = async (writtenAs: WrittenAs): Promise<PutOutcome> => {
      const { SSEKMSKeyId: key } = await s3.send(new PutObjectCommand({ ...at, ...writtenAs, Body: 'x' }));
      return { isStored: true, words: key === undefined ? 'stored' : `stored, encrypted with ${key}` };
    };
    const bare = await put({}).catch(refusal);
    const whole = await put(stated).catch(refusal);
    const inParts = await multipartUpload(s3, at, stated, async (send) => [
      await send(1, Buffer.from('x')),
    ]).then((): PutOutcome => ({ isStored: true, words: 'stored' }), refusal);
    isExpected &&= bare.words === 'AccessDenied' && whole.isStored && inParts.isStored;
    found.push(`${encryption}: without ${bare.words}, with ${whole.words}, in parts ${inParts.words}`);
  }
  return answer(code, isExpected, found.join('; '));
}

/** How a put ended. */
interface PutOutcome {
  /** Whether there is an object now. */
  readonly isStored: boolean;
  /** What S3 answered: `AccessDenied`, `stored`, or `stored, encrypted with` the ARN of a key. */
  readonly words: string;
}

/** A put that S3 refused. @throws The error, if S3 did not answer. */
function refusal(error: unknown): PutOutcome {
  if (explainAwsError(error)?.kind !== 'answered') throw error;
  return { isStored: false, words: errorName(error) };
}

/**
 * Reports Lake Formation's settings, by which the doctor decides whether a database can be made. No settings are expected or
 * unexpected.
 *
 * @throws What the connection throws.
 */
export async function askLakeSettings(aws: Deployment['aws'], lambda: LambdaClient): Promise<Answer> {
  const code = 'SLUICE_PROBE_LAKE_SETTINGS';
  const { settings, answered } = await readSettings({ aws, clients: { lambda } });
  if (settings === undefined) return unanswered(code, answered);
  const owners = settings.CreateDatabaseDefaultPermissions.map(
    ({ Principal }) => Principal?.DataLakePrincipalIdentifier,
  );
  const administrators = counted(settings.DataLakeAdmins.length, 'administrator');
  return answer(code, true, `${administrators}; new databases are of ${owners.join(', ') || 'nobody'}`);
}

/**
 * Reads what Glue says of Lake Formation. Without the permission to make a database, no deployment comes so far.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_Table.html
 *
 * @throws What Glue's client throws.
 */
export async function askLakeFormation({
  config,
  glue,
}: Pick<Deployment, 'config' | 'glue'>): Promise<Answer> {
  const { Database } = await glue.send(new GetDatabaseCommand({ Name: config.database }));
  const { TableList = [] } = await glue.send(new GetTablesCommand({ DatabaseName: config.database }));
  const isOfIam = (Database?.CreateTableDefaultPermissions ?? []).some(
    ({ Principal }) => Principal?.DataLakePrincipalIdentifier === 'IAM_ALLOWED_PRINCIPALS',
  );
  const registered = TableList.filter((table) => table.IsRegisteredWithLakeFormation === true);
  const found = `new tables ${isOfIam ? 'are' : 'are not'} left to IAM; ${registered.length} of ${TableList.length} tables registered`;
  return answer('SLUICE_PROBE_LAKE_FORMATION', isOfIam && registered.length === 0, found);
}

/** The longest time that an alarm may take, milliseconds: the metric, and CloudWatch's look each minute. */
const ALARM_MS = 600_000;

/**
 * Sends a compressed body as a gateway would pass it on that takes it for text, and waits for the alarm, if the collector
 * refuses the body as it should.
 *
 * @throws What CloudWatch's client throws.
 */
export async function askAlarm(probed: Probed, run: Run, onProgress: OnProgress): Promise<Answer> {
  const code = 'SLUICE_PROBE_ALARM';
  const reply = await sendRequest({
    url: postUrl(run),
    headers: { 'content-type': 'text/plain;charset=UTF-8', 'statsig-api-key': run.keys.client },
    body: Uint8Array.from(Buffer.from(gzipSync('{"events":[]}').toString('utf8'))),
  });
  // A place without such metrics is no AWS, and may pass the body on otherwise.
  if (run.lacks.has(METRICS_OF_LINES)) return unanswered(code, `${replyText(reply)}; ${NO_METRICS}`);
  if (reply.status !== 503 || codeOf(reply) !== 'SLUICE_COLLECT_BODY_MANGLED')
    return answer(code, false, replyText(reply));
  const name = partName(probed.stack, 'mangled');
  const state = await poll(probed, ALARM_MS, async () => {
    const seen = (await readAlarms(probed)).find((alarm) => alarm.name === name)?.state ?? 'not there';
    onProgress(`${name}: ${seen}`);
    return { seen, isThere: seen === 'ALARM' };
  });
  return answer(code, state === 'ALARM', `${replyText(reply)}; ${name}: ${state}`);
}
