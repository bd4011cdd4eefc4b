import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { exportTargetPolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { manifestSchema } from '../../lib/export/exportDay.ts';
import { SETTLED_MS } from '../../lib/export/limits.ts';
import type { DropsCalendar } from '../../observe/facts/days/dropsPage.ts';
import { readParquet } from '../harness/readParquet.ts';
import { storyCloud } from '../harness/storyCloud.ts';
import { customersRole, makeCustomersRole } from './deployed.ts';
import { UsedPermissions } from './usedPermissions.ts';

const THEIRS = '111122223333';
const BY_POLICY = 'acme-warehouse';
const BY_ROLE = 'other-warehouse';
const EVENTS = 'statsig_forwarded_events';
const EXPOSURES = 'statsig_forwarded_exposures';
/** Yesterday: today is still being written. */
const day = '2026-11-19';

const permissions = new UsedPermissions();
const story = await storyCloud(
  {
    bucket: 'sluice-exports-proof',
    exports: [
      { name: 'events', table: EVENTS, target: { bucket: BY_POLICY, owner: THEIRS } },
      {
        name: 'exposures',
        table: EXPOSURES,
        schedule: 'hourly',
        target: { bucket: BY_ROLE, owner: THEIRS, role: customersRole(THEIRS) },
      },
    ],
  },
  { startsAt: '2026-11-20T07:30:00Z' },
);
const { cloud } = story;
const ours = story.s3By();
const theirs = story.s3By({ accessKeyId: THEIRS, secretAccessKey: 'test' });
afterAll(() => story.close());

describe('the export, deployed, between two accounts', () => {
  const sluice = (...args: string[]) => story.sluice('export', ...args);
  const status = async () => {
    const answer: DropsCalendar = JSON.parse((await sluice('status', '--json')).stdout);
    return answer.exports.map((exported) => [
      exported.export,
      exported.days.find((each) => each.day === day)?.state,
    ]);
  };
  const files = async (client: typeof ours, bucket: string, prefix: string) => {
    const bodies = new Map<string, Buffer>();
    for (const key of await story.keys(prefix, bucket, client))
      bodies.set(key.slice(prefix.length), Buffer.from(await story.read(key, bucket, client)));
    return bodies;
  };
  /** As SDKs do it: 503 is answered where a busy machine is too slow, and then it is sent again. */
  const post = async (value: string) => {
    const time = Date.parse(`${day}T10:00:00Z`);
    const user = { userID: 'u1' };
    const metadata = { gate: 'g', gateValue: 'true', ruleID: 'r' };
    const events = [
      { eventName: 'bought', value, user, time },
      { eventName: 'statsig::gate_exposure', user, time, metadata },
    ];
    for (let tries = 1; tries <= 5; tries += 1) if ((await story.post({ events })) === 202) return;
    throw new Error('The collector takes nothing.');
  };
  /** Bytes of our day and of theirs, each sorted, and what the manifest names. */
  const compared = async () => {
    const own = await files(ours, cloud.bucket, `statsig/statsig_forwarded_events/${EVENTS}/${day}/`);
    const copies = await files(theirs, BY_POLICY, `events/${day}/`);
    const manifest = manifestSchema.parse(JSON.parse(copies.get('_manifest.json')?.toString() ?? '{}'));
    copies.delete('_manifest.json');
    const sorted = (bodies: Iterable<Buffer>) => [...bodies].map((body) => body.toString('base64')).sort();
    return {
      own: sorted(own.values()),
      copies: sorted(copies.values()),
      named: manifest.files.map(({ name }) => name).sort(),
      names: [...copies.keys()].sort(),
      rows: (await Promise.all([...copies.values()].map((copy) => readParquet(copy)))).flatMap(
        (file) => file.rows,
      ),
    };
  };

  it('fails by name before the customer grants access, and exports everything afterwards', async () => {
    await post('first');
    await cloud.flush();
    await theirs.send(new CreateBucketCommand({ Bucket: BY_POLICY }));
    await theirs.send(new CreateBucketCommand({ Bucket: BY_ROLE }));
    // An export leaves files out that the writer may still take back.
    await story.advance(SETTLED_MS + 1);
    expect(await sluice('run')).toMatchObject({ code: 0 });
    await cloud.flush();
    const { code, stdout } = await sluice('status');
    expect(code).toBe(3);
    expect(stdout).toContain('SLUICE_EXPORT_ACCESS_DENIED');
    expect(stdout).toContain('SLUICE_EXPORT_ROLE_DENIED');

    const policies = (bucket: string, principal: string) =>
      exportTargetPolicies({ partition: 'aws', region: 'us-east-1', bucket, principal });
    const { principal } = await story.credentialsOf('ExportRole');
    const Policy = JSON.stringify(policies(BY_POLICY, principal).bucketPolicy);
    await theirs.send(new PutBucketPolicyCommand({ Bucket: BY_POLICY, Policy }));
    const policy = policies(BY_ROLE, '').callerPolicy;
    await makeCustomersRole(story, { account: THEIRS, policy, trusted: ['ExportRole'] });
    // A copy and an unfinished upload that a killed process left behind.
    const left = `events/${day}/sluice-${'1'.repeat(32)}.parquet`;
    await theirs.send(new PutObjectCommand({ Bucket: BY_POLICY, Key: left, Body: 'left' }));
    const Key = `events/${day}/sluice-${'0'.repeat(32)}.parquet`;
    await theirs.send(new CreateMultipartUploadCommand({ Bucket: BY_POLICY, Key }));
    await sluice('run', '--from', day);
    await cloud.flush();
    expect(await status()).toEqual([
      ['events', 'succeeded'],
      ['exposures', 'succeeded'],
    ]);
    const { own, copies, named, names, rows } = await compared();
    expect(copies).toEqual(own);
    expect(names).toEqual(named);
    expect(rows).toMatchObject([{ event_name: 'bought', event_value: 'first' }]);
    const exposures = await files(theirs, BY_ROLE, `exposures/${day}/`);
    expect([...exposures.keys()]).toHaveLength(2);
  });

  it('uses every permission of its role', async () => {
    const { unused, refused } = await permissions.of('ExportRole');
    // Before the customer grants access it cannot list.
    const others = refused.filter((refusal) => !/^s3:ListBucket\w* \S+:acme-warehouse /.test(refusal));
    expect([unused, others]).toEqual([[], []]);
  });
});
