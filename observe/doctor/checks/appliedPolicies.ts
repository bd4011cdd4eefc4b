import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import {
  type AppliedPolicy,
  appliedDocuments,
  appliedPolicies as policiesOf,
} from '../../../lib/access/applied/appliedPolicies.ts';
import {
  asRead,
  comparePolicies,
  differenceText,
  isSamePolicy,
  type PolicyDifference,
  type ReadPolicy,
  type ReadStatement,
  readPolicy,
} from '../../../lib/access/applied/policyDifference.ts';
import {
  type PolicyRecord,
  PolicyRecordError,
  type PolicyRecords,
  policyRecords,
  readPolicyRecords,
} from '../../../lib/access/applied/policyRecords.ts';
import type { PrintedPolicy } from '../../../lib/access/printedPolicies.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { VERSION } from '../../../lib/base/version.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { sluiceCommand } from '../../commands.ts';
import { CheckImpossible, type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import { type IdentityPolicy, readIdentityPolicies } from '../readIdentityPolicies.ts';
import type { Check } from '../runChecks.ts';
import { deployedVersion } from './stack.ts';

/**
 * Policies that somebody applied by hand: customers' buckets and roles, the deployer's, readers' outside of the stack. What
 * can be read back in this account is compared with what this version prints; for the rest there is a record.
 */
export const appliedPolicies: Check = {
  name: 'applied-policies',
  expects: 'policies that were applied by hand are those that this version prints',
  needs: ['bucket'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_POLICY_OUTDATED',
    'SLUICE_DOCTOR_POLICY_WIDER',
    'SLUICE_DOCTOR_POLICY_UNCONFIRMED',
    'SLUICE_DOCTOR_POLICY_RECORD',
  ],
  permissions: [
    's3:GetObject',
    's3:GetBucketPolicy',
    'iam:ListRolePolicies',
    'iam:GetRolePolicy',
    'iam:ListAttachedRolePolicies',
    'iam:ListUserPolicies',
    'iam:GetUserPolicy',
    'iam:ListAttachedUserPolicies',
    'iam:GetPolicy',
    'iam:GetPolicyVersion',
    'cloudformation:DescribeStacks',
  ],
  async run(doctor) {
    const config = await doctor.config();
    const records = await readRecords(doctor, config);
    if ('code' in records) return [records];
    const { arn } = await doctor.identity();
    const ofCaller = await unlessRefused(() => readIdentityPolicies(doctor, arn), []);
    return checkEach(
      policiesOf(config),
      (policy) => judgePolicy(doctor, config, policy, records.policies[policy.name], ofCaller),
      (impossible) => impossible.finding,
    );
  },
};

async function readRecords(
  doctor: DoctorContext,
  { bucket }: Config,
): Promise<{ readonly policies: PolicyRecords } | Finding> {
  const { s3 } = await doctor.clients();
  try {
    const policies = await doctor.ask('s3:GetObject', () =>
      readPolicyRecords(policyRecords(s3ObjectStore(s3, bucket))),
    );
    return { policies };
  } catch (error) {
    if (error instanceof PolicyRecordError) return finding('SLUICE_DOCTOR_POLICY_RECORD', '');
    // Before the first deployment there is no bucket, and nothing can have been confirmed.
    if (isAwsError(error, 'NoSuchBucket')) return { policies: {} };
    throw error;
  }
}

/** The known facts about a document that somebody applied. */
interface Evidence {
  readonly where: string;
  readonly statements: readonly ReadStatement[];
  /** By its mark, or as recorded; undefined for a policy of an earlier version, which has no mark. */
  readonly version: string | undefined;
}

async function judgePolicy(
  doctor: DoctorContext,
  config: Config,
  policy: AppliedPolicy,
  record: PolicyRecord | undefined,
  ofCaller: readonly IdentityPolicy[],
): Promise<readonly Finding[]> {
  const { account, region } = await doctor.identity();
  const known = { stack: doctor.stackName, account, region };
  const [filledIn, configured] = [known, { stack: doctor.stackName }].map((names) =>
    appliedDocuments(policy, config, names),
  );
  const customer = findCustomer(config, policy);
  const identities = [record?.appliedTo, customer?.role?.arn].filter((arn) => arn?.split(':')[4] === account);
  const ofIdentities = await Promise.all(
    identities.map((arn) => unlessRefused(() => readIdentityPolicies(doctor, arn ?? ''), [])),
  );
  const candidates = [...ofIdentities.flat(), ...ofCaller];
  const ofBucket = customer === undefined ? undefined : await readBucketPolicy(doctor, customer);
  const findings: Finding[] = [];
  for (const document of filledIn ?? []) {
    const read = evidenceOf(document, candidates, ofBucket, customer?.bucket);
    const recorded = record?.documents[document.name];
    const evidence = read ?? (recorded === undefined ? undefined : recordedEvidence(record, recorded));
    const today = read === undefined ? configured?.find(({ name }) => name === document.name) : document;
    if (today === undefined) continue;
    if (evidence === undefined) {
      // Within one account the role's own policy is enough, and a bucket needs none.
      if (!policy.isNeeded || customer?.owner === account) continue;
      const detail = `${policy.name}, ${document.name}: printed before 0.3.0, or never confirmed.`;
      const commands = await commandsFor(doctor, policy, true);
      findings.push(finding('SLUICE_DOCTOR_POLICY_UNCONFIRMED', detail, commands));
      continue;
    }
    const found = await judgeDocument(doctor, policy, today, evidence);
    if (found !== undefined)
      findings.push({ ...found, commands: await commandsFor(doctor, policy, read === undefined) });
  }
  return findings;
}

/** The configured source or export target that a policy is for. */
function findCustomer({ sources, exports }: Config, { of }: AppliedPolicy) {
  if (of.source !== undefined) return sources.find(({ name }) => name === of.source);
  return exports.find(({ name }) => name === of.export)?.target;
}

/** Finds the applied statements of a printed document; undefined if no policy that could be read is made from it. */
function evidenceOf(
  { id, name, hash, document }: PrintedPolicy,
  candidates: readonly IdentityPolicy[],
  ofBucket: ReadPolicy | undefined,
  bucket = '',
): Evidence | undefined {
  if (name === 'bucketPolicy') {
    if (ofBucket === undefined) return undefined;
    const ours = new Set(asRead(document).map(({ Sid }) => Sid));
    // A bucket's policy may have statements of others.
    const statements = ofBucket.statements.filter(({ Sid }) => ours.has(Sid));
    const isOurs = ofBucket.mark?.id === id || statements.length > 0;
    const version = ofBucket.mark?.id === id ? ofBucket.mark.version : undefined;
    return isOurs ? { where: `bucket policy of ${bucket}`, statements, version } : undefined;
  }
  const ofThisKind = candidates.filter(({ mark }) => mark?.id === id);
  // A role may have the policies of several readers of a kind.
  const marked = ofThisKind.find(({ mark }) => mark?.hash === hash) ?? ofThisKind[0];
  return marked && { ...marked, version: marked.mark?.version };
}

function recordedEvidence(
  record: PolicyRecord | undefined,
  { version, statements }: PolicyRecord['documents'][string],
): Evidence {
  const day = record?.confirmedAt.slice(0, 10);
  return {
    where: `confirmed on ${day}`,
    statements: readPolicy({ Statement: statements })?.statements ?? [],
    version,
  };
}

async function judgeDocument(
  doctor: DoctorContext,
  policy: AppliedPolicy,
  today: PrintedPolicy,
  { where, statements, version }: Evidence,
): Promise<Finding | undefined> {
  const difference = comparePolicies(statements, asRead(today.document));
  if (isSamePolicy(difference)) return undefined;
  const stack = await doctor.deployedStack();
  const isDeployed = stack !== undefined && deployedVersion(stack) === VERSION;
  const from = version === undefined ? 'a version before 0.3.0, or edited' : version;
  const order = orderOf(difference);
  const detail = `${policy.name}, ${today.name} (${where}, from ${from}; now ${today.version}): ${differenceText(difference)}.${isDeployed ? '' : ` ${order}`}`;
  return finding(
    difference.grantsMore ? 'SLUICE_DOCTOR_POLICY_OUTDATED' : 'SLUICE_DOCTOR_POLICY_WIDER',
    detail,
  );
}

/** When to apply a policy. What the deployed version may still need stays until it is gone. */
function orderOf({ grantsMore, grantsLess }: PolicyDifference): string {
  if (!grantsLess) return `Apply it before you deploy ${VERSION}.`;
  const after = `after you deploy ${VERSION}: the deployed version may need what it no longer grants.`;
  return grantsMore
    ? `Add what is new before you deploy ${VERSION}, and apply the whole ${after}`
    : `Apply it ${after}`;
}

/** The policy of a customer's bucket; undefined when it has none, or belongs to another account, which alone may read it. */
async function readBucketPolicy(
  doctor: DoctorContext,
  { bucket, owner }: { readonly bucket: string; readonly owner?: string | undefined },
): Promise<ReadPolicy | undefined> {
  const { s3 } = await doctor.clients();
  const input = { Bucket: bucket, ExpectedBucketOwner: owner };
  const answer = await unlessRefused(
    () => doctor.ask('s3:GetBucketPolicy', () => s3.send(new GetBucketPolicyCommand(input))),
    undefined,
  );
  return answer?.Policy === undefined ? undefined : readPolicy(JSON.parse(answer.Policy));
}

/** Errors of a call for what is not there, or belongs to another account. */
const NOT_READABLE = [
  'NoSuchBucket',
  'NoSuchBucketPolicy',
  'MethodNotAllowed',
  'NoSuchEntity',
  'NoSuchEntityException',
];

/** Returns the result of a call, or `other` if the call is refused. The record then has to do. */
async function unlessRefused<Result, Other>(
  call: () => Promise<Result>,
  other: Other,
): Promise<Result | Other> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CheckImpossible || isAwsError(error, ...NOT_READABLE)) return other;
    throw error;
  }
}

/**
 * Commands that print a policy as it must be applied, and record it afterwards.
 *
 * @param isRecorded Whether the doctor cannot read it, so that only the record says that it was applied.
 */
async function commandsFor(
  doctor: DoctorContext,
  { name, target, of }: AppliedPolicy,
  isRecorded: boolean,
): Promise<readonly string[]> {
  const { account, region } = await doctor.identity();
  const { stage } = doctor.stack;
  const { Outputs = [] } = (await doctor.deployedStack()) ?? {};
  const exportRole = Outputs.find(({ OutputKey }) => OutputKey === 'ExportRoleArn')?.OutputValue;
  const print = [
    ...['policy', 'print', '--for', target, '--account', account, '--region', region],
    ...Object.entries(of).flatMap(([option, value]) => (value === undefined ? [] : [`--${option}`, value])),
    ...(target === 'export-target' && exportRole !== undefined ? ['--principal', exportRole] : []),
  ];
  const printed = sluiceCommand(['--stage', stage], print);
  return isRecorded
    ? [printed, sluiceCommand(await doctor.target(), ['policy', 'confirm', name])]
    : [printed];
}
