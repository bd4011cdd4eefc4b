import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type KeyMetadata,
} from '@aws-sdk/client-kms';
import * as z from 'zod';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** The KMS key, the stack's or an existing one: without it, no data can be read. */
export const key: Check = {
  name: 'key',
  expects:
    'the key is enabled, symmetric, single-Region and rotated, and its policy allows the roles of the stack',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_KEY_UNUSABLE', 'SLUICE_DOCTOR_DRIFT'],
  permissions: [
    'kms:DescribeKey',
    'kms:GetKeyRotationStatus',
    'kms:GetKeyPolicy',
    'cloudformation:ListStackResources',
  ],
  async run(doctor) {
    const { existing } = await doctor.config();
    // The local cloud has only the keys of the template.
    if (doctor.isLocal && existing.keyArn !== null)
      return [finding('SLUICE_DOCTOR_UNCHECKED', `${existing.keyArn}.`)];
    try {
      const keyArn = await doctor.keyArn();
      return await checkEach(
        [judgeState, judgeRotation, judgePolicy],
        (judge) => judge(doctor, keyArn),
        ({ finding }) => finding,
      );
    } catch (error) {
      if (!isAwsError(error, 'NotFoundException')) throw error;
      return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', error instanceof Error ? error.message : '')];
    }
  },
};

async function judgeState(doctor: DoctorContext, KeyId: string): Promise<Finding[]> {
  const { kms } = await doctor.clients();
  const { KeyMetadata } = await doctor.ask('kms:DescribeKey', () =>
    kms.send(new DescribeKeyCommand({ KeyId })),
  );
  if (KeyMetadata === undefined) return [];
  return judgeKey(KeyMetadata, await doctor.command(['kms', 'enable-key', '--key-id', KeyId]));
}

/** Judges a key by its metadata. @param enable The command that enables it. */
export function judgeKey(key: Partial<KeyMetadata>, enable: string): Finding[] {
  const { Arn = '', KeyState = '', KeySpec, KeyUsage, MultiRegion } = key;
  if (KeyState === 'PendingDeletion' || KeyState === 'PendingReplicaDeletion')
    return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `${Arn} is ${KeyState}.`)];
  const findings: Finding[] = [];
  if (KeyState !== 'Enabled')
    findings.push(finding('SLUICE_DOCTOR_KEY_UNUSABLE', `${Arn} is ${KeyState}.`, [enable]));
  if (KeySpec !== 'SYMMETRIC_DEFAULT' || KeyUsage !== 'ENCRYPT_DECRYPT' || MultiRegion === true) {
    const many = MultiRegion === true ? ', a multi-Region key' : '';
    findings.push(finding('SLUICE_DOCTOR_KEY_UNUSABLE', `${Arn} is ${KeySpec}, ${KeyUsage}${many}.`));
  }
  return findings;
}

async function judgeRotation(doctor: DoctorContext, KeyId: string): Promise<Finding[]> {
  const { kms } = await doctor.clients();
  const { KeyRotationEnabled } = await doctor.ask('kms:GetKeyRotationStatus', () =>
    kms.send(new GetKeyRotationStatusCommand({ KeyId })),
  );
  if (KeyRotationEnabled === true) return [];
  const command = await doctor.command(['kms', 'enable-key-rotation', '--key-id', KeyId]);
  return [finding('SLUICE_DOCTOR_DRIFT', `${KeyId}: rotation is off, expected on.`, [command], 'warning')];
}

async function judgePolicy(doctor: DoctorContext, KeyId: string): Promise<Finding[]> {
  const { kms } = await doctor.clients();
  const { Policy = '{}' } = await doctor.ask('kms:GetKeyPolicy', () =>
    kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' })),
  );
  const { partition, account } = await doctor.identity();
  const resources = [...(await doctor.resources()).values()];
  const principals = resources.flatMap(({ type, physicalId }) =>
    type === 'AWS::IAM::Role' || type === 'AWS::IAM::User'
      ? [`arn:${partition}:iam::${account}:${type === 'AWS::IAM::Role' ? 'role' : 'user'}/${physicalId}`]
      : [],
  );
  const lockedOut = findPrincipalsWithoutAccess(JSON.parse(Policy), { account, partition, principals });
  if (lockedOut.length === 0) return [];
  return [
    finding('SLUICE_DOCTOR_KEY_UNUSABLE', `The policy of ${KeyId} does not allow ${lockedOut.join(', ')}.`),
  ];
}

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

/** The members that are read. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html */
const policySchema = z.object({
  Statement: z
    .union([z.array(z.unknown()), z.unknown().transform((one) => [one])])
    .pipe(
      z.array(
        z.object({
          Effect: z.string(),
          Principal: z.union([z.literal('*'), z.object({ AWS: texts.optional() })]).optional(),
          Action: texts.optional(),
          Condition: z.unknown().optional(),
        }),
      ),
    )
    .default([]),
});

/** Permissions for writing and reading through S3. */
const NEEDED = ['kms:Decrypt', 'kms:GenerateDataKey'];

/**
 * Principals that a key policy does not allow to decrypt and encrypt. A policy that allows the account's root delegates
 * access to IAM and counts as allowing everyone. A statement with a condition counts as well: the condition may
 * be that of a request through S3, and nothing more can be known here.
 *
 * @param policy The document, parsed.
 * @returns Some of `principals`, in their order.
 */
export function findPrincipalsWithoutAccess(
  policy: unknown,
  who: { readonly account: string; readonly partition: string; readonly principals: readonly string[] },
): readonly string[] {
  const read = policySchema.safeParse(policy);
  const statements = read.success ? read.data.Statement : [];
  const root = `arn:${who.partition}:iam::${who.account}:root`;
  const allowed = (principal: string) =>
    NEEDED.every((action) =>
      statements.some(({ Effect, Principal, Action = [] }) => {
        if (Effect !== 'Allow' || !Action.some((pattern) => covers(pattern, action))) return false;
        if (Principal === '*') return true;
        const named = Principal?.AWS ?? [];
        return named.some((one) => one === '*' || one === root || one === who.account || one === principal);
      }),
    );
  return who.principals.filter((principal) => !allowed(principal));
}

/** Whether an action's pattern, with `*` and `?`, covers an action. IAM ignores case here. */
function covers(pattern: string, action: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(action);
}
