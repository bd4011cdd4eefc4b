import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { logicalIds } from '../../infra/template/Stack.ts';
import { deleteByVersionOnly } from '../../lib/access/buckets/bucketSettings.ts';
import { allow } from '../../lib/access/policyDocument.ts';
import { isJsonObject, parseJson, valueAt } from '../../lib/base/json.ts';
import { LANDING_NOTES } from '../../lib/tables/ledgerKeys.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { ifThere } from '../explainAwsError.ts';
import { finding } from '../findings/catalogue.ts';
import type { Look } from './Look.ts';
import { simulateStatement, wrongDecisions } from './readers.ts';

/** Its role is the exception of this statement. */
const OWN_STATEMENT = deleteByVersionOnly([], []).Sid;

/** What the writer does with objects of the landing, and with its notes on them. */
const ACTIONS = ['s3:GetObject', 's3:DeleteObject'];

/** Whether the writer may delete what it has written, by the policies of the bucket, the account and the organization. */
export const writer: Look = {
  name: 'writer',
  expects:
    'no policy of the bucket denies the writer its objects; after a deployment, nor of its role, by simulation',
  async find(setup) {
    const { s3, config, identity, resources, stackName, isLocal } = setup;
    const { partition, account } = identity;
    const objects = [LANDING_FOLDER, LANDING_NOTES].map(
      (folder) => `arn:${partition}:s3:::${config.bucket}/${folder}x`,
    );
    const role = resources.get(logicalIds.writeRole);
    const arn = `arn:${partition}:iam::${account}:role/${role ?? `${stackName}-WriteRole-x`}`;
    const found = await ifThere(
      s3.send(new GetBucketPolicyCommand({ Bucket: config.bucket })),
      /^NoSuchBucket/,
    );
    // Without a stack our own statement names no role yet, or those of a former stack. `bucket-settings` looks at it later.
    const details = deniedByBucket(found?.Policy ?? '', arn, objects).filter(
      (detail) => role !== undefined || !detail.includes(`${OWN_STATEMENT} `),
    );
    // SimulatePrincipalPolicy asks the policies of the organization, too, and not those of the bucket:
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    if (role !== undefined && !isLocal) {
      const wrong = wrongDecisions(
        await simulateStatement(setup, arn, allow('Landing', ACTIONS, objects)),
        true,
      );
      if (wrong !== '') details.push(`IAM's simulator: ${wrong}`);
    }
    return details.map((detail) => finding('SLUICE_FINDING_WRITER_DENIED', detail));
  },
};

/**
 * Which statements of a bucket's policy deny the writer something, in words.
 *
 * @param policy JSON; empty without a policy.
 * @param role ARN of its role.
 */
export function deniedByBucket(policy: string, role: string, objects: readonly string[]): string[] {
  const document = parseJson(policy);
  return list(isJsonObject(document) ? document['Statement'] : undefined).flatMap((statement, i) => {
    if (!isJsonObject(statement) || statement['Effect'] !== 'Deny') return [];
    const actions = ACTIONS.filter((action) => isNamed(statement, 'Action', action));
    const isOfObjects = objects.some((object) => isNamed(statement, 'Resource', object));
    const may =
      isOfObjects && isOfRole(statement, role) ? conditionHolds(statement['Condition'], role) : false;
    if (actions.length === 0 || may === false) return [];
    const name = `${String(statement['Sid'] ?? `Statement ${i + 1}`)} ${may === true ? 'denies' : 'may deny'}`;
    return [`The policy of the bucket: ${name} ${actions.join(', ')} to ${role}.`];
  });
}

/** Whether a statement names a text in a member, or everything but others in its opposite, such as `NotAction`. */
function isNamed(statement: Readonly<Record<string, unknown>>, member: string, text: string): boolean {
  const has = (of: unknown) => list(of).some((one) => like(String(one), text));
  const not = statement[`Not${member}`];
  return not === undefined ? has(statement[member]) : !has(not);
}

function isOfRole(statement: Readonly<Record<string, unknown>>, role: string): boolean {
  const names = (of: unknown) =>
    list(isJsonObject(of) ? of['AWS'] : of).some(
      (one) => one === '*' || one === role || isAccountOf(String(one), role),
    );
  const not = statement['NotPrincipal'];
  return not === undefined ? names(statement['Principal']) : !names(not);
}

function isAccountOf(principal: string, role: string): boolean {
  const [, , , , account = ''] = role.split(':');
  return principal === account || principal.endsWith(`::${account}:root`);
}

/** Whether a condition holds for calls of a role over TLS; null if that is not known. */
function conditionHolds(condition: unknown, role: string): boolean | null {
  let known: boolean | null = true;
  for (const [operator, keys] of Object.entries(isJsonObject(condition) ? condition : {}))
    for (const [key, values] of Object.entries(isJsonObject(keys) ? keys : {})) {
      const one = key.toLowerCase();
      if (one === 'aws:securetransport' && String(valueAt(list(values), [0])) === 'false') return false;
      if (one !== 'aws:principalarn') {
        known = null;
        continue;
      }
      const isAmong = list(values).some((value) => like(String(value), role));
      if (isAmong === /Not/.test(operator)) return false;
    }
  return known;
}

/** Wildcards of policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(text);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
