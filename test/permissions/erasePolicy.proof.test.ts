import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, describe, expect, it } from '@jest/globals';
import { printedPolicies } from '../../lib/access/printedPolicies.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { parseUnit } from '../../lib/erase/Unit.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { curatedDaysKey } from '../../lib/tables/ledgerKeys.ts';
import { damagedKey } from '../../lib/tables/objectKeys.ts';
import { localAccount } from '../../local/localAccount.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { erase } from '../../operate/erase/erase.ts';
import { seededRandom } from '../../packages/local-aws/src/base/index.ts';
import { exportTo } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { recordingTarget } from '../harness/recordingTarget.ts';
import { storyCloud } from '../harness/storyCloud.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { eventually } from '../harness/waiting.ts';
import { EraseLake } from '../lib/erase/EraseLake.ts';
import { landedKey, landedUsers } from '../lib/erase/landedUsers.ts';
import { resolveDeployment } from './deployed.ts';

const ROLE = 'sluice-erase';

/** Waits until views read the day from both curated tables. */
async function listed(s3: S3Client, { bucket: Bucket, flush }: Cloud, day: string): Promise<void> {
  for (const kind of forwardedKinds)
    await eventually(`${day} in the list of ${kind}`, async () => {
      await flush();
      const asked = new GetObjectCommand({ Bucket, Key: curatedDaysKey(kind) });
      const list = await s3.send(asked).then(
        ({ Body }) => Body?.transformToString(),
        () => '',
      );
      return list?.includes(day);
    });
}

const directory = temporaryDirectory();

const target = await recordingTarget();
const world = await storyCloud({
  relay: { url: target.url },
  curate: true,
  curateAfter: 1,
  unitIds: { companyID: 'company_id' },
  exports: [exportTo({}, { lookbackDays: 1 })],
});
const { config, edge } = world.cloud;
const { region, id: account } = localAccount;
const { loaded, resolved } = await resolveDeployment();
const keyArn = resolved.resources.find(({ type }) => type === 'AWS::KMS::Key')?.arn;
const client = {
  endpoint: edge,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const s3 = new S3Client({ ...client, forcePathStyle: true });
// Others may not leave delete markers.
const writer = world.s3By(await world.credentialsOf('WriteRole'));
const lake = new EraseLake(s3, config, directory.path, 8, seededRandom(7), writer);
const day = addDays(utcDay(Date.now()), -3);
await lake.landRaw('events', day);
await lake.landRaw('exposures', day);
await lake.landIngested(day);
await world.jump(Date.parse(`${addDays(utcDay(Date.now()), 1)}T00:30:00Z`) - Date.now());
await listed(s3, world.cloud, day);
// So that what landed stays where it is.
await world.setFaults({
  lambda: [{ fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' }],
});
await lake.landRefused(day, Date.now());
// The older one can't be searched to its end, and stays.
for (const user of ['stays', lake.victims[0]?.value ?? ''])
  await lake.put(damagedKey(landedKey('hidden')), landedUsers(user));
// The export has the day, which is behind its lookback.
await s3.send(
  new PutObjectCommand({
    Bucket: config.bucket,
    Key: `ledger/exports/out/${day}.json`,
    Body: JSON.stringify(
      ledgerEntry({ source: 'exports', dataset: 'out', day, table: 'statsig_forwarded_events' }),
    ),
  }),
);
for (const opened of [s3, writer]) opened.destroy();

const [printed] = printedPolicies('erase', config, { region, stack: loaded.stackName, account, keyArn });
const iam = new IAMClient(client);
const trust = { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' };
const { Role } = await iam.send(
  new CreateRoleCommand({
    RoleName: ROLE,
    AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }),
  }),
);
const PolicyDocument = JSON.stringify(printed?.document);
await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: ROLE, PolicyDocument }));
iam.destroy();
const sts = new STSClient(client);
const { Credentials } = await sts.send(
  new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'erase' }),
);
sts.destroy();
const credentials = {
  accessKeyId: Credentials?.AccessKeyId ?? '',
  secretAccessKey: Credentials?.SecretAccessKey ?? '',
  sessionToken: Credentials?.SessionToken ?? '',
};
const receipt = await erase(world.deployment(false, credentials), {
  units: lake.victims.map(({ column, value }) => parseUnit(`${column}=${value}`, config)),
  dryRun: false,
});
afterAll(async () => {
  await world.close();
  await target.close();
  directory.remove();
});

describe('who erases, with the printed policy', () => {
  it('is denied nothing', () => {
    expect(receipt.run.hasFound).toBe(true);
    expect(Object.keys(receipt.run.places)).toEqual(
      expect.arrayContaining([
        'landing',
        'relay',
        'damaged',
        'quarantine',
        'exposures',
        'events',
        'ingested',
      ]),
    );
  });
});
