import { describe, expect, it } from '@jest/globals';
import { erasePolicy } from '../../../lib/access/operators/erasePolicy.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { acmeSource, exportTo } from '../../harness/configInput.ts';
import { CURATED_FILE, EVENTS_FILE, INGESTED_FILE, key, keyPolicy, object, scope } from './calls.ts';
import { type Call, decideCall } from './decideCall.ts';

const STACK = 'sluice-prod';
const config = defineConfig({
  bucket: scope.bucket,
  curate: true,
  relay: { statsig: true },
  sources: [acmeSource()],
  exports: [exportTo({})],
});
const policies = [erasePolicy(scope, config, STACK)];

const arn = (service: string, name: string) => `arn:aws:${service}:${scope.region}:${scope.account}:${name}`;
const ofQueue = (action: string, part: string): Call => ({
  action: `sqs:${action}`,
  resources: [arn('sqs', `${STACK}-${part}`)],
});
const listVersions = (prefix: string): Call => ({
  action: 's3:ListBucketVersions',
  resources: [`arn:aws:s3:::${scope.bucket}`],
  context: { 's3:prefix': prefix },
});
const onAll = (actions: readonly string[], keys: readonly string[]) =>
  keys.flatMap((name) => actions.map((action) => object(action, name)));

/** Objects whose rows of others stay: they are replaced. */
const REPLACED = [EVENTS_FILE, CURATED_FILE, INGESTED_FILE, 'landing/2026/a', 'damaged/a'];
/** Objects that go as a whole. */
const WHOLE = ['relay/waiting/a', 'damaged/a', 'quarantine-large/a', 'query-results/a', 'ledger/_loads/a'];
const ENTRIES = 'ledger/acme/events/2026-11-20.json';

async function verdictOf(call: Call) {
  const resourcePolicy = call.action.startsWith('kms:') ? keyPolicy : undefined;
  return decideCall(
    { principal: `arn:aws:iam::${scope.account}:role/privacy`, policies, resourcePolicy },
    call,
  );
}

describe('the policy of an erasure', () => {
  it.each<Call>([
    ...[...REPLACED, ...WHOLE, ENTRIES].map(listVersions),
    ...onAll(['GetObjectVersion', 'DeleteObjectVersion'], [...REPLACED, ...WHOLE, ENTRIES]),
    ...onAll(['GetObject', 'PutObject'], REPLACED),
    ...onAll(['GetObject', 'DeleteObject'], WHOLE),
    ...onAll(['GetObject', 'PutObject'], ['ledger/_erasures/a.json', 'ledger/exports/out/a.json', ENTRIES]),
    ...onAll(['GetObject'], ['ledger/_landing/a', 'statsig/ingested/received_hours/2026-11-20.json']),
    { action: 's3:ListBucket', resources: [`arn:aws:s3:::${scope.bucket}`] },
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
  ])('allows $action on $resources', async (call) => {
    expect(await verdictOf(call)).toBe('Allowed');
  });

  it.each<Call>([
    object('PutObject', 'relay/waiting/a'),
    object('DeleteObject', EVENTS_FILE),
    object('GetObject', 'somebody/a'),
    listVersions('somebody/'),
    ofQueue('SendMessage', 'ingest-load'),
    key('PutKeyPolicy'),
  ])('allows no $action on $resources', async (call) => {
    expect(await verdictOf(call)).toBe('ImplicitlyDenied');
  });
});
