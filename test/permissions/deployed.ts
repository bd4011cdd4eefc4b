import { join } from 'node:path';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type LoadedTemplate, loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type ResolvedTemplate, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import type { StoryCloud } from '../harness/storyCloud.ts';
import { eventually } from '../harness/waiting.ts';

/** A deployment's package, and the resources of its template in the local cloud. */
interface ResolvedDeployment {
  readonly loaded: LoadedTemplate;
  readonly resolved: ResolvedTemplate;
}

/** Packages the configuration in use, and resolves the template's references as the local cloud does. */
export async function resolveDeployment(): Promise<ResolvedDeployment> {
  const loaded = await loadTemplate({
    root: repositoryRoot,
    cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
  });
  const { region, id: account, partition } = localAccount;
  const stack = { region, account, partition, stackName: loaded.stackName, endpoint: 'http://127.0.0.1' };
  return { loaded, resolved: resolveTemplate(loaded.template, stack) };
}

const ROLE_NAME = 'sluice';
const EXTERNAL_ID = 'acme-7';

/** The role of a customer's account that {@link makeCustomersRole} makes, as the configuration names it. */
export function customersRole(account: string): { readonly arn: string; readonly externalId: string } {
  return { arn: `arn:aws:iam::${account}:role/${ROLE_NAME}`, externalId: EXTERNAL_ID };
}

/** Makes the role of a customer's account, with a policy. Roles of the stack, by their logical IDs, may assume it. */
export async function makeCustomersRole(
  { clientOptions, credentialsOf }: StoryCloud,
  { account, policy, trusted }: { account: string; policy: object; trusted: readonly string[] },
): Promise<void> {
  // In the local cloud the root of an account signs with the account's ID as its access key.
  const iam = new IAMClient(clientOptions({ accessKeyId: account, secretAccessKey: 'test' }));
  try {
    const roles = await Promise.all(trusted.map(credentialsOf));
    const trust = {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: roles.map((role) => role.principal) },
      Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
    };
    const AssumeRolePolicyDocument = JSON.stringify({ Statement: trust });
    await iam.send(new CreateRoleCommand({ RoleName: ROLE_NAME, AssumeRolePolicyDocument }));
    const PolicyDocument = JSON.stringify(policy);
    await iam.send(new PutRolePolicyCommand({ RoleName: ROLE_NAME, PolicyName: 'own', PolicyDocument }));
  } finally {
    iam.destroy();
  }
}

/** Flushes the local cloud until `holds` answers true. @param what What is waited for, as the error says. */
export async function flushUntil(
  { cloud }: StoryCloud,
  what: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  await eventually(what, async () => {
    if (await holds()) return true;
    await cloud.flush();
    return false;
  });
}

/** Uploads in parts that were begun in the bucket and neither ended nor given up. */
export async function unfinishedUploads({ s3By, cloud }: StoryCloud): Promise<readonly string[]> {
  const { Uploads = [] } = await s3By().send(new ListMultipartUploadsCommand({ Bucket: cloud.bucket }));
  return Uploads.map(({ Key = '' }) => Key);
}
