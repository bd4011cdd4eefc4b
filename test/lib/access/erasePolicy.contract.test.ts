import { describe, expect, it } from '@jest/globals';
import { erasePolicy } from '../../../lib/access/operators/erasePolicy.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { acmeSource, exportTo } from '../../harness/configInput.ts';
import {
  CURATED_FILE,
  EVENTS_FILE,
  EXPOSURES_FILE,
  INGESTED_FILE,
  key,
  keyPolicy,
  list,
  object,
  scope,
} from './calls.ts';
import { type Call, decideCall } from './decideCall.ts';

const STACK = 'sluice-prod';
const config = defineConfig({
  bucket: scope.bucket,
  curate: true,
  relay: { statsig: true },
  sources: [acmeSource({ name: 'first', bucket: 'first-drops' }), acmeSource()],
  exports: [exportTo({})],
  readers: [
    { kind: 'metabase', name: 'bi' },
    { kind: 'statsig', name: 'statsig', as: 'user', resultLocation: `s3://${scope.bucket}/statsig-results/` },
  ],
});
const policies = [erasePolicy(scope, config, STACK)];

const arn = (service: string, name: string) => `arn:aws:${service}:${scope.region}:${scope.account}:${name}`;
const ofQueue = (action: string, part: string): Call => ({
  action: `sqs:${action}`,
  resources: [arn('sqs', `${STACK}-${part}`)],
});
const listVersions = (prefix: string, bucket = scope.bucket): Call => ({
  action: 's3:ListBucketVersions',
  resources: [`arn:aws:s3:::${bucket}`],
  context: { 's3:prefix': prefix },
});
/** A call with its title. What a list asks for is in its prefix, not in its resource. */
const titled = (call: Call) => {
  const prefix = call.context?.['s3:prefix'];
  return {
    title: [call.action, ...call.resources, ...(prefix === undefined ? [] : [prefix])].join(' '),
    call,
  };
};
const onAll = (actions: readonly string[], keys: readonly string[]) =>
  keys.flatMap((name) => actions.map((action) => object(action, name)));

/** Objects whose rows of others stay: they are replaced. */
const REPLACED = [
  EXPOSURES_FILE,
  EVENTS_FILE,
  'quarantine/2026-11-20/a.parquet',
  CURATED_FILE,
  INGESTED_FILE,
  'landing/2026/a',
  'damaged/a',
];
/** Objects that go as a whole. */
const WHOLE = [
  'relay/waiting/a',
  'damaged/a',
  'quarantine-large/a',
  'query-results/a',
  'reader-tables/metabase/a',
  'statsig-results/a',
  'ledger/_loads/a',
];
const ENTRY = 'ledger/acme/events/2026-11-20.json';
const ERASURE = 'ledger/_erasures/a.json';
const OTHER_BUCKET = 'acme-drops';

async function verdictOf(call: Call) {
  const resourcePolicy = call.action.startsWith('kms:') ? keyPolicy : undefined;
  return decideCall(
    { principal: `arn:aws:iam::${scope.account}:role/privacy`, policies, resourcePolicy },
    call,
  );
}

describe('the policy of an erasure', () => {
  const allowed: readonly Call[] = [
    ...[...REPLACED, ...WHOLE, ENTRY].map((name) => listVersions(name)),
    ...onAll(['GetObjectVersion', 'DeleteObjectVersion'], [...REPLACED, ...WHOLE, ENTRY]),
    ...onAll(['GetObject', 'PutObject'], REPLACED),
    ...onAll(['GetObject', 'DeleteObject'], WHOLE),
    ...onAll(['GetObject', 'PutObject'], [ERASURE, 'ledger/exports/out/a.json', ENTRY]),
    ...onAll(['GetObject'], ['ledger/_landing/a', 'statsig/ingested/received_hours/2026-11-20.json']),
    list(),
    { action: 'cloudwatch:GetMetricData', resources: [arn('cloudwatch', 'dataset/default')] },
    { action: 'cloudformation:DescribeStacks', resources: [arn('cloudformation', `stack/${STACK}/1`)] },
    ...['curate-plan', 'export'].flatMap((part) =>
      ['GetQueueUrl', 'SendMessage'].map((action) => ofQueue(action, part)),
    ),
    ...['relay', 'relay-dead-letters'].flatMap((part) =>
      ['GetQueueUrl', 'GetQueueAttributes'].map((action) => ofQueue(action, part)),
    ),
    key('Decrypt'),
    key('GenerateDataKey'),
  ];
  it.each(allowed.map(titled))('allows $title', async ({ call }) => {
    expect(await verdictOf(call)).toBe('Allowed');
  });

  const denied: readonly Call[] = [
    object('PutObject', 'relay/waiting/a'),
    object('DeleteObject', EVENTS_FILE),
    object('DeleteObject', ERASURE),
    object('DeleteObjectVersion', ERASURE),
    object('GetObject', 'somebody/a'),
    object('DeleteObjectVersion', 'somebody/a'),
    listVersions('somebody/'),
    list('', OTHER_BUCKET),
    listVersions(EVENTS_FILE, OTHER_BUCKET),
    object('GetObject', EVENTS_FILE, OTHER_BUCKET),
    object('DeleteObjectVersion', EVENTS_FILE, OTHER_BUCKET),
    ofQueue('SendMessage', 'ingest-load'),
    ofQueue('ReceiveMessage', 'relay'),
    key('PutKeyPolicy'),
  ];
  it.each(denied.map(titled))('allows no $title', async ({ call }) => {
    expect(await verdictOf(call)).toBe('ImplicitlyDenied');
  });
});
