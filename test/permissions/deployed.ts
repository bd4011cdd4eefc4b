import { join } from 'node:path';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { eventually, type StoryCloud } from '../harness/storyCloud.ts';

/** The package of the configuration in use, and its resources in the local cloud. */
export async function deployed() {
  const loaded = await loadTemplate({
    root: repositoryRoot,
    cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
  });
  const { region, id: account, partition } = localAccount;
  const stack = { region, account, partition, stackName: loaded.stackName, endpoint: 'http://127.0.0.1' };
  return { loaded, resolved: resolveTemplate(loaded.template, stack) };
}

/** Makes the role `sluice` of a customer, with a policy, for roles of the stack by their logical IDs. */
export async function makeCustomersRole(
  { clientOptions, credentialsOf }: StoryCloud,
  { account, policy, trusted }: { account: string; policy: object; trusted: readonly string[] },
): Promise<void> {
  const iam = new IAMClient(clientOptions({ accessKeyId: account, secretAccessKey: 'test' }));
  const roles = await Promise.all(trusted.map(credentialsOf));
  const trust = {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { AWS: roles.map((role) => role.principal) },
    Condition: { StringEquals: { 'sts:ExternalId': 'acme-7' } },
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Statement: trust });
  await iam.send(new CreateRoleCommand({ RoleName: 'sluice', AssumeRolePolicyDocument }));
  const PolicyDocument = JSON.stringify(policy);
  await iam.send(new PutRolePolicyCommand({ RoleName: 'sluice', PolicyName: 'own', PolicyDocument }));
  iam.destroy();
}

/** Flushes until it is so. */
export const flushUntil = ({ cloud }: StoryCloud, holds: () => Promise<boolean>) =>
  eventually(async () => (await holds()) || cloud.flush().then(() => false));

/** Uploads in parts that were begun in the bucket and neither ended nor given up. */
export async function unfinishedUploads({ s3By, cloud }: StoryCloud): Promise<readonly string[]> {
  const { Uploads = [] } = await s3By().send(new ListMultipartUploadsCommand({ Bucket: cloud.bucket }));
  return Uploads.map(({ Key = '' }) => Key);
}
