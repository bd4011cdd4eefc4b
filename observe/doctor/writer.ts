import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { logicalIds } from '../../infra/template/Stack.ts';
import { deleteByVersionOnly } from '../../lib/access/buckets/bucketSettings.ts';
import { allow } from '../../lib/access/policyDocument.ts';
import { isJsonObject, parseJson, valueAt } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { LANDING_NOTES } from '../../lib/tables/ledgerKeys.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { type TableLayout, tableFolder } from '../../lib/tables/tableFolders.ts';
import { ifThere } from '../explainAwsError.ts';
import { type Finding, finding } from '../findings/catalogue.ts';
import type { Look } from './Look.ts';
import { simulateStatement, wrongDecisions } from './readers.ts';

/** Its role is the exception of this statement. */
const OWN_STATEMENT = deleteByVersionOnly([], []).Sid;

/** What the writer does with objects of the landing, with its notes on them, and with tables. */
export function writerNeeds(config: Pick<Config, 'bucket'> & TableLayout, partition: string) {
  const landed = [LANDING_FOLDER, LANDING_NOTES];
  const tables = tableKinds.map((kind) => tableFolder(config, kind));
  const need = (action: string, folders: readonly string[]) => ({
    action,
    objects: folders.map((folder) => `arn:${partition}:s3:::${config.bucket}/${folder}x`),
  });
  return [need('s3:GetObject', landed), need('s3:PutObject', tables), need('s3:DeleteObject', landed)];
}

/** Whether the writer may read what landed, write files, and delete what it has written, by the policies of the bucket, the account and the organization. */
export const writer: Look = {
  name: 'writer',
  expects:
    'no policy of the bucket denies the writer its objects and files; after a deployment, nor of its role, by simulation',
  async find(setup) {
    const { s3, config, identity, resources, stackName, isLocal } = setup;
    const { partition, account } = identity;
    const needs = writerNeeds(config, partition);
    const role = resources.get(logicalIds.writeRole);
    const roleName = role ?? `${stackName}-WriteRole-x`;
    const arn = `arn:${partition}:iam::${account}:role/${roleName}`;
    const found = await ifThere(
      s3.send(new GetBucketPolicyCommand({ Bucket: config.bucket })),
      /^NoSuchBucket/,
    );
    // Without a stack our own statement names no role yet, or those of a former stack. `bucket-settings` looks at it later.
    const denied = deniedByBucket(found?.Policy ?? '', arn, needs).filter(
      ({ detail }) => role !== undefined || !detail.includes(`${OWN_STATEMENT} `),
    );
    // SimulatePrincipalPolicy asks the policies of the organization, too, and not those of the bucket:
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    if (role !== undefined && !isLocal)
      for (const { action, objects } of needs) {
        const wrong = wrongDecisions(
          await simulateStatement(setup, arn, allow('Writer', [action], objects)),
          true,
        );
        if (wrong !== '') denied.push(finding('SLUICE_FINDING_WRITER_DENIED', `IAM's simulator: ${wrong}`));
      }
    return denied;
  },
};

/**
 * What statements of a bucket's policy deny the writer.
 *
 * @param policy JSON; empty without a policy.
 * @param role ARN of its role.
 */
export function deniedByBucket(
  policy: string,
  role: string,
  needs: ReturnType<typeof writerNeeds>,
): Finding[] {
  const document = parseJson(policy);
  return list(isJsonObject(document) ? document['Statement'] : undefined).flatMap((statement, i) => {
    if (!isJsonObject(statement) || statement['Effect'] !== 'Deny') return [];
    if (!isOfRole(statement, role)) return [];
    return needs.flatMap(({ action, objects }) => {
      const may = conditionHolds(statement['Condition'], role, action);
      if (may === false) return [];
      const sid = String(statement['Sid'] ?? `Statement ${i + 1}`);
      const name = `${sid} ${may === true ? 'denies' : 'may deny'}`;
      const has = (object: string) => isNamed(statement, 'Resource', object);
      return isNamed(statement, 'Action', action) && objects.some(has)
        ? [finding('SLUICE_FINDING_WRITER_DENIED', `The policy of the bucket: ${name} ${action} to ${role}.`)]
        : [];
    });
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

/** Whether a condition holds for calls of a role over TLS, which deletes nothing without `If-Match`; null if that is not known. */
function conditionHolds(condition: unknown, role: string, action: string): boolean | null {
  let known: boolean | null = true;
  for (const [operator, keys] of Object.entries(isJsonObject(condition) ? condition : {}))
    for (const [key, values] of Object.entries(isJsonObject(keys) ? keys : {})) {
      const one = key.toLowerCase();
      if (one === 'aws:securetransport' && String(valueAt(list(values), [0])) === 'false') return false;
      const wants = String(valueAt(list(values), [0]));
      if (one === 's3:if-match' && operator === 'Null' && action === 's3:DeleteObject' && wants === 'true')
        return false;
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
