import { deflateRawSync } from 'node:zlib';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { SessionCredentials } from '../iam/AccessKeys.ts';
import { type Caller, inSession, isRoot, roleSessionArn, rootByKey, type Signer } from '../iam/Caller.ts';
import { decide } from '../iam/decide.ts';
import { readPolicy } from '../iam/policy.ts';
import { checkOwnPolicy } from '../iam/policyChecks.ts';
import { type Roles, roleId } from '../iam/Roles.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { queryOperation, queryService } from '../protocol/queryService.ts';
import type { XmlElement } from '../protocol/xml.ts';

/** Options of AssumeRole: the roles that exist, and the credentials of their sessions. */
export interface RoleSessions {
  /** The roles that can be taken. */
  readonly roles: Roles;
  /** The clock of the sessions' ends. */
  readonly clock: Clock;
  /** Issues the credentials of a role's session: sessions don't expire here. */
  readonly issue: (roleArn: string, session: string, policy?: string) => SessionCredentials;
}

/**
 * Bytes that a session policy may take once it is packed. AWS doesn't say how it packs; here the policy is deflated, which
 * leaves about a quarter of a usual one.
 */
const PACKED_BYTES = 1_024;
/** The longest duration of a session, seconds. It is the default duration, too. */
const LONGEST_SECONDS = 3_600;

/** The input of `AssumeRole`: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const assumeRoleSchema = z.strictObject({
  RoleArn: z.string().regex(/^arn:aws:iam::\d{12}:role\/.+$/),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
  ExternalId: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/)
    .optional(),
  DurationSeconds: z
    .string()
    .regex(/^\d{1,6}$/)
    .default(String(LONGEST_SECONDS))
    .transform(Number)
    .pipe(z.int().min(900).max(43_200)),
  Policy: z
    .string()
    .min(1)
    .max(2_048, 'Member must have length less than or equal to 2048')
    .regex(
      /^[\t\n\r\u0020-\u00ff]+$/,
      'Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
    )
    .optional(),
});

/** Options of {@link stsService}. */
export interface StsOptions {
  /** The deployment's account. */
  readonly account: string;
  /** Default: the root of the account whose ID the access key is, else of the deployment's. */
  readonly callerOf?: (signer: Signer) => Caller;
  /** Default: there are no roles. */
  readonly sessions?: RoleSessions;
}

/** STS on the wire: the caller's identity, and roles to be assumed, as far as their trust allows it. */
export function stsService({ account, callerOf = rootByKey(account), sessions }: StsOptions): AwsService {
  const caller = ({ signature }: AwsRequest) => inSession(callerOf(signature), signature.session);
  return queryService({
    signingName: 'sts',
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: new Map([
      queryOperation({
        name: 'GetCallerIdentity',
        input: z.strictObject({}),
        run: (_, request) => identityElements(caller(request)),
      }),
      queryOperation({
        name: 'AssumeRole',
        input: assumeRoleSchema,
        run: (input, request) => assumeRole(input, caller(request), sessions),
      }),
    ]),
  });
}

/** A caller as `GetCallerIdentity` answers it. */
function identityElements(caller: Caller): XmlElement[] {
  return [
    ['Arn', caller.sessionArn ?? caller.arn],
    ['UserId', userIdOf(caller)],
    ['Account', caller.account],
  ];
}

/**
 * The value of `aws:userid`:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
 */
function userIdOf({ arn, account, sessionArn }: Caller): string {
  if (sessionArn !== undefined) return `${roleId(arn)}:${lastPart(sessionArn)}`;
  return isRoot({ arn }) ? account : lastPart(arn);
}

/** The text behind the last slash. */
function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** Credentials of a session of a role. @throws AwsError `AccessDenied`, and those of its session policy and its duration. */
function assumeRole(
  { RoleArn, RoleSessionName, ExternalId, DurationSeconds, Policy }: z.output<typeof assumeRoleSchema>,
  caller: Caller,
  sessions: RoleSessions | undefined,
): XmlElement[] {
  if (sessions === undefined || !isTrusted(caller, { RoleArn, RoleSessionName, ExternalId }, sessions.roles))
    throw new AwsError(
      'AccessDenied',
      403,
      `User: ${caller.sessionArn ?? caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
    );
  checkDuration(DurationSeconds, caller);
  const packed = Policy === undefined ? undefined : packedPercent(Policy);
  const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue(RoleArn, RoleSessionName, Policy);
  if (Policy !== undefined) sessions.roles.narrow(accessKeyId, Policy);
  return [
    [
      'AssumedRoleUser',
      [
        ['AssumedRoleId', `${roleId(RoleArn)}:${RoleSessionName}`],
        ['Arn', roleSessionArn(RoleArn, RoleSessionName)],
      ],
    ],
    [
      'Credentials',
      [
        ['AccessKeyId', accessKeyId],
        ['SecretAccessKey', secretAccessKey],
        ['SessionToken', sessionToken],
        ['Expiration', new Date(sessions.clock.now() + DurationSeconds * 1000).toISOString()],
      ],
    ],
    ...(packed === undefined ? [] : [['PackedPolicySize', packed] as const]),
  ];
}

/** Whether a caller may assume a role, by the role's trust policy. A role that does not exist trusts nobody. */
function isTrusted(
  caller: Caller,
  {
    RoleArn,
    RoleSessionName,
    ExternalId,
  }: Pick<z.output<typeof assumeRoleSchema>, 'RoleArn' | 'RoleSessionName' | 'ExternalId'>,
  roles: Roles,
): boolean {
  const trust = roles.trust(RoleArn);
  if (trust === undefined) return false;
  const [, , , , owner = ''] = RoleArn.split(':');
  return decide({
    caller,
    action: 'sts:AssumeRole',
    resource: RoleArn,
    owner,
    context: {
      'sts:RoleSessionName': RoleSessionName,
      ...(ExternalId === undefined ? {} : { 'sts:ExternalId': ExternalId }),
    },
    resourcePolicy: readPolicy(trust),
    resourceDecides: true,
  }).allowed;
}

/**
 * Requires that a session lasts an hour at the most. AWS limits it so for a caller that is a session of a role itself. For any
 * other caller the role's MaxSessionDuration decides, which here is its default, an hour.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
 */
function checkDuration(seconds: number, { arn }: Caller): void {
  if (seconds <= LONGEST_SECONDS) return;
  throw new AwsError(
    'ValidationError',
    400,
    arn.includes(':role/')
      ? 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining'
      : 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  );
}

/** The percentage of its room that a session policy takes. @throws AwsError `MalformedPolicyDocument`, `PackedPolicyTooLarge`. */
function packedPercent(policy: string): number {
  checkOwnPolicy(policy);
  const percent = Math.ceil((100 * deflateRawSync(policy).byteLength) / PACKED_BYTES);
  if (percent <= 100) return percent;
  throw new AwsError(
    'PackedPolicyTooLarge',
    400,
    `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  );
}
