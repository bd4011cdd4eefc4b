import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  acmeDatasets,
  type DatasetName,
  eventRows,
  exposureRows,
  revenueRows,
} from '../../harness/acmeDrops.ts';
import { byDuckDb, type DropRows } from '../../harness/dropWriters.ts';
import { CUSTOMER, DROPS } from '../../harness/ingestCloud.ts';
import { statsigFixtures } from '../../harness/StatsigFixture.ts';
import { type ReleaseAccount, SDK_KEY } from './ReleaseAccount.ts';
import { type CustomerPolicy, PRINCIPALS, type Release } from './releases.ts';

/** The customer's bucket that days are exported to. */
export const WAREHOUSE = 'acme-warehouse';

/** Days that have rows before the upgrade. */
export const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18'] as const;

/** A body that is sent by every version: an SDK that missed an answer sends it again after the upgrade. */
export const RESENT = JSON.stringify({
  statsigMetadata: { sdkType: 'javascript-client', sdkVersion: '3.33.5', stableID: 'stable-resent' },
  events: [
    {
      eventName: 'resent_purchase',
      value: 12.5,
      time: Date.parse('2026-11-18T07:30:00.123Z'),
      user: { userID: 'ada', customIDs: { companyID: 'acme' }, custom: { plan: 'pro' } },
      metadata: { sku: 'sku-1', price: '12.50', note: 'Grüße 👋' },
    },
    {
      eventName: 'statsig::config_exposure',
      time: 1_795_073_400_124,
      user: { userID: 'ada', customIDs: { companyID: 'acme' } },
      metadata: { config: 'resent_experiment', ruleID: 'test', reason: 'Network:Recognized' },
      secondaryExposures: [{ gate: 'eligible', gateValue: 'true', ruleID: 'everyone' }],
    },
  ],
});

/** Posts what SDKs recorded, and layers, groups and refused data of our own, at the account's time. */
export async function postDay(account: ReleaseAccount): Promise<void> {
  const statuses: number[] = [];
  for (const [, fixture] of statsigFixtures()) {
    const { method, path, query, headers, body } = fixture;
    const response = await fetch(`${account.collector}${path}?${query.replace(/(^|&)k=[^&]*/, '')}`, {
      method,
      // The omitted headers belong to the connection, not to the request.
      headers: { ...omit(headers, 'host', 'content-length', 'connection'), 'statsig-api-key': SDK_KEY },
      body: Buffer.from(body, 'base64'),
    });
    statuses.push(response.status);
  }
  if (statuses.some((status) => status !== 202)) throw new Error(`an SDK was answered ${statuses}`);
  const accepted = await account.post('/v1/log_event', JSON.stringify(ownBatch(account.clock.now())));
  const refused = await account.post('/v1/log_event', 'no JSON');
  if (accepted.status !== 202 || refused.status !== 400)
    throw new Error(`answered ${accepted.status} and ${refused.status}`);
}

function omit(headers: Readonly<Record<string, string>>, ...names: readonly string[]) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** Users of each group of an experiment in a layer, gates, and what is refused. */
function ownBatch(time: number): object {
  const day = new Date(time).toISOString().slice(0, 10);
  const user = (i: number) => ({
    userID: `${day}-u${i}`,
    customIDs: { companyID: `${day}-c${i}` },
    custom: { plan: i % 2 === 0 ? 'pro' : 'free' },
    privateAttributes: { email: 'nobody@example.com' },
  });
  const rules = ['control', 'test', 'launchedGroup', 'layerAssignment', 'abandoned', 'prestart', ''];
  const layered = rules.map((ruleID, i) => ({
    eventName: 'statsig::layer_exposure',
    time: time - i,
    user: user(i),
    metadata: {
      config: 'checkout_layer',
      allocatedExperiment: 'checkout_button',
      ruleID,
      parameterName: 'color',
      isExplicitParameter: 'true',
      reason: 'Network:Recognized',
    },
    secondaryExposures: [{ gate: 'spring_holdout', gateValue: i === 1 ? 'true' : 'false', ruleID: 'h' }],
  }));
  const gates = [0, 1].map((i) => ({
    eventName: 'statsig::gate_exposure',
    time: time - i,
    user: user(i),
    metadata: {
      gate: 'new_search',
      gateValue: String(i === 0),
      ruleID: 'rule',
      reason: 'Network:Recognized',
    },
  }));
  const events = [0, 1, 2].map((i) => ({
    eventName: 'purchase',
    time: time - 1_000 - i,
    value: i === 2 ? 'free text' : 9.75 + i,
    user: user(i),
    metadata: { sku: `sku-${i}`, price: '9.75' },
  }));
  const refused = [
    { user: user(0) },
    { eventName: 'when', time: 'soon', user: user(0) },
    { eventName: 'statsig::gate_exposure', user: user(0) },
    { eventName: 'large', user: user(0), metadata: { text: 'é'.repeat(600_000) } },
  ];
  return {
    statsigMetadata: { sdkType: 'statsig-node', sdkVersion: '6.5.2' },
    events: [...layered, ...gates, ...events, ...refused],
  };
}

/** Posts while Firehose fails: all of it goes to overflow. */
export async function overflow(account: ReleaseAccount, name: string): Promise<void> {
  const time = account.clock.now();
  const user = { userID: `overflow-${name}` };
  const metadata = { gate: `overflow_${name}`, gateValue: 'true', ruleID: 'r' };
  const events = [
    { eventName: `overflow_${name}`, time, user, value: 1 },
    { eventName: 'statsig::gate_exposure', time, user, metadata },
    { eventName: 'overflow_refused', time: 'never', user: { userID: name } },
  ];
  account.fail({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
  const { status } = await account.post('/v1/rgstr', JSON.stringify({ events }));
  if (status !== 202) throw new Error(`answered ${status}`);
}

/** Makes the customer's buckets with the policies that the release printed for them. */
export async function makeCustomer(account: ReleaseAccount, release: Release): Promise<void> {
  const s3 = account.s3Of(CUSTOMER);
  const buckets: [CustomerPolicy, string, string][] = [
    ['ingest-source', DROPS, PRINCIPALS['ingest-source']],
    ['export-target', WAREHOUSE, account.output('ExportRoleArn')],
  ];
  for (const [target, Bucket, principal] of buckets) {
    const { bucketPolicy }: { bucketPolicy?: object } = release.customerPolicies[target] ?? {};
    await s3.send(new CreateBucketCommand({ Bucket }));
    const Policy = JSON.stringify(bucketPolicy).replaceAll(PRINCIPALS[target], principal);
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  }
}

/** Drops a day of each dataset; one event has no name and is refused. */
export async function dropDay(account: ReleaseAccount, day: string, file = 'part-0.parquet'): Promise<void> {
  const s3 = account.s3Of(CUSTOMER);
  const rows: Readonly<Record<DatasetName, DropRows>> = {
    events: eventRows(day, ['bought', null, 'seen']),
    revenue: revenueRows(day),
    exposures: exposureRows(day, ['u1', 'u2']),
  };
  for (const name of ['events', 'revenue', 'exposures'] as const) {
    const { folder, columns } = acmeDatasets[name];
    const Body = await byDuckDb(columns, rows[name]);
    await s3.send(new PutObjectCommand({ Bucket: DROPS, Key: `${folder(day)}${file}`, Body }));
  }
}
