import { deflateRawSync } from 'node:zlib';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { SessionCredentials } from '../iam/AccessKeys.ts';
import { accountOfKey, type Caller, isRoot, roleSessionArn, rootOf, type Signer } from '../iam/Caller.ts';
import { checkOwnPolicy } from '../iam/checkPolicy.ts';
import { decide } from '../iam/decide.ts';
import { readPolicy } from '../iam/policy.ts';
import { inSession, type Roles, roleId } from '../iam/Roles.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { queryOperation, queryService } from '../protocol/QueryService.ts';

/** Options of AssumeRole: the roles that exist, and the credentials of their sessions. */
export interface RoleSessions {
  readonly roles: Roles;
  readonly clock: Clock;
  /** Issues the credentials of a role's session: sessions don't expire here. */
  readonly issue: (roleArn: string, session: string, policy?: string) => SessionCredentials;
}

/**
 * Bytes that a session policy may take once it is packed. AWS doesn't say how it packs; here the policy is deflated, which
 * leaves about a quarter of a usual one.
 */
const PACKED_BYTES = 1_024;
/** Default duration of a session of a role, and the longest duration of a session that a role assumes; seconds. */
const CHAINED_SECONDS = 3_600;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
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
    .default('3600')
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

/** STS on the wire: the caller's identity, and roles to be assumed, as far as their trust allows it. */
export function stsService({
  account,
  callerOf = ({ accessKeyId }) => rootOf(accountOfKey(accessKeyId) ?? account),
  sessions,
}: {
  /** The deployment's. */
  readonly account: string;
  /** Default: the root of the account that a key is, else of the deployment's. */
  readonly callerOf?: (signer: Signer) => Caller;
  /** Default: there are no roles. */
  readonly sessions?: RoleSessions;
}): AwsService {
  const caller = ({ signature }: AwsRequest) => inSession(callerOf(signature), signature.session);
  return queryService({
    signingName: 'sts',
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: new Map([
      queryOperation({
        name: 'GetCallerIdentity',
        input: z.strictObject({}),
        run(_, request) {
          const { arn, account, sessionArn } = caller(request);
          const name = (sessionArn ?? arn).split('/').at(-1) ?? '';
          return [
            ['Arn', sessionArn ?? arn],
            [
              'UserId',
              sessionArn !== undefined ? `${roleId(arn)}:${name}` : isRoot({ arn }) ? account : name,
            ],
            ['Account', account],
          ];
        },
      }),
      queryOperation({
        name: 'AssumeRole',
        input: assumeRoleSchema,
        run({ RoleArn, RoleSessionName, ExternalId, DurationSeconds, Policy }, request) {
          const trust = sessions?.roles.trust(RoleArn);
          const owner = RoleArn.split(':')[4] ?? '';
          const asked = {
            caller: caller(request),
            action: 'sts:AssumeRole',
            resource: RoleArn,
            owner,
            context: {
              'sts:RoleSessionName': RoleSessionName,
              ...(ExternalId === undefined ? {} : { 'sts:ExternalId': ExternalId }),
            },
          };
          const decision =
            trust !== undefined &&
            decide({ ...asked, resourcePolicy: readPolicy(trust), resourceDecides: true });
          if (sessions === undefined || decision === false || !decision.allowed)
            throw new AwsError(
              'AccessDenied',
              403,
              `User: ${asked.caller.sessionArn ?? asked.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
            );
          checkDuration(DurationSeconds, asked.caller);
          const packed = Policy === undefined ? undefined : packedPercent(Policy);
          const issued = sessions.issue(RoleArn, RoleSessionName, Policy);
          const { accessKeyId, secretAccessKey, sessionToken } = issued;
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
        },
      }),
    ]),
  });
}

/**
 * A caller that is a session of a role itself gets an hour at the most.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
 */
function checkDuration(seconds: number, { arn }: Caller): void {
  if (seconds <= CHAINED_SECONDS) return;
  throw new AwsError(
    'ValidationError',
    400,
    arn.includes(':role/')
      ? 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining'
      : 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  );
}

/** How much of its room a session policy takes. @throws AwsError `MalformedPolicyDocument`, `PackedPolicyTooLarge`. */
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
