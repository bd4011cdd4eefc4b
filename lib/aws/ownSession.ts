import type { GlueClient } from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import type { SessionScope } from '../access/sessionPolicies.ts';
import { parseArn } from '../base/arn.ts';
import { eachAttempt, type RetryPolicy, type RetryPorts, systemTiming } from '../base/retry.ts';
import {
  AssumeRoleError,
  assumedRoleCredentials,
  newStsClient,
  type SessionCredentials,
  stsClient,
} from './assumedRole.ts';
import { newGlueClient } from './gluePartitionCatalog.ts';
import { newS3Client } from './s3Client.ts';

/** Attempts to assume the role, besides the client's retries: a new trust policy takes some seconds to take effect. */
const RETRIES = { tries: 6, baseMs: 500, capMs: 8_000 } as const;

/**
 * Refusals of the request itself, which the same request gets again:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors and
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */
const LASTING: readonly string[] = [
  'MalformedPolicyDocumentException',
  'PackedPolicyTooLargeException',
  'ValidationError',
];

/** By what attempts are timed, and until when they are made. */
type Timing = RetryPorts & Required<Pick<RetryPolicy, 'until'>>;

/** A session of the function's own role with fewer permissions, and its clients. */
export interface OwnSession {
  /** The session's credentials, for clients that are made later. */
  readonly credentials: SessionCredentials;
  /** Calls S3 as the session. */
  readonly s3: S3Client;
  /** Calls Glue as the session. */
  readonly glue: GlueClient;
  /** Calls STS as the session, to assume a customer's role. */
  readonly sts: STSClient;
  /** Registers a client that is closed with the session. */
  closes(client: { destroy(): void }): void;
  /** Closes the connections of its clients. */
  close(): void;
}

/** What a session is asked for with. */
interface AskedSession {
  /** ARN of the function's role. */
  readonly roleArn: string;
  /** The name that CloudTrail shows. */
  readonly name: string;
  /** Session policy in JSON. */
  readonly policy: string;
}

/**
 * Assumes the function's own role again, limited by a session policy. One call is enough: the clients share the
 * credentials, which last for an hour, longer than any function runs. In policies that name a principal, the session
 * counts as the role:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
 *
 * @throws AssumeRoleError
 */
export async function ownSession(
  { roleArn, name, policy }: AskedSession,
  timing: Timing,
): Promise<OwnSession> {
  const assume = assumedRoleCredentials(stsClient(), { arn: roleArn }, name, policy);
  const credentials = await retryAssume(assume, timing);
  const s3 = newS3Client(credentials);
  const glue = newGlueClient(credentials);
  const sts = newStsClient(credentials);
  const clients: { destroy(): void }[] = [s3, glue, sts];
  return {
    credentials,
    s3,
    glue,
    sts,
    closes: (client) => void clients.push(client),
    close() {
      for (const client of clients) client.destroy();
    },
  };
}

/** What a session that is limited to one dataset or export is asked for with. */
interface LimitedSession extends Pick<AskedSession, 'roleArn' | 'name'> {
  /** No attempt to assume the role begins after it, epoch milliseconds. */
  readonly deadline: number;
  /** Makes the session policy, in JSON. It is given the account that the role is in. */
  readonly policyIn: (account: Pick<SessionScope, 'partition' | 'account'>) => string;
  /** Makes the error of a role that could not be assumed. */
  readonly refused: (detail: string, cause: unknown) => Error;
}

/**
 * Opens a session with the machine's own clock ({@link ownSession}). The caller closes it.
 *
 * @throws What `refused` makes; what `policyIn` throws, as it is, and RangeError for a role that is no ARN: nobody was asked then.
 */
export async function limitedSession(limits: LimitedSession): Promise<OwnSession> {
  const { roleArn, name, deadline, policyIn, refused } = limits;
  const policy = policyIn(parseArn(roleArn));
  const timing = { ...systemTiming, until: { clock: systemTiming.clock, deadline } };
  try {
    return await ownSession({ roleArn, name, policy }, timing);
  } catch (error) {
    throw refused(error instanceof Error ? `${error.message}.` : '', error);
  }
}

/** Assumes the role, and tries again after each error but a {@link LASTING} one. */
async function retryAssume(
  assume: () => Promise<SessionCredentials>,
  timing: Timing,
): Promise<SessionCredentials> {
  let failure: unknown = new AssumeRoleError(false, 'There was no time left to assume the role');
  for await (const _ of eachAttempt({ ...RETRIES, ...timing })) {
    try {
      return await assume();
    } catch (error) {
      if (isLasting(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Whether STS refuses the request by its shape. A denial may end: the role's trust policy may be new. */
function isLasting(error: unknown): boolean {
  return (
    error instanceof AssumeRoleError && error.cause instanceof Error && LASTING.includes(error.cause.name)
  );
}
