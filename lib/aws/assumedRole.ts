import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import type { Source } from '../schema/sources.ts';

/**
 * An hour, which every role allows, and the most that a session of a role gets for another:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
const SESSION_SECONDS = 3_600;
/** Longest name of a session, characters (same page). */
const SESSION_NAME_LENGTH = 64;

/** Credentials of a session. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration: Date;
}

/**
 * Credentials of a role, as a client of AWS takes them: it keeps them and asks again before they expire. Calls of that
 * client reject with AssumeRoleError when the role can't be assumed.
 *
 * @param sessionName As CloudTrail shows it; cut where it is too long.
 * @param policy Session policy in JSON: the session may do what the role may do and this allows. Default all of it.
 */
export function assumedRoleCredentials(
  sts: STSClient,
  { arn, externalId }: Pick<NonNullable<Source['role']>, 'arn' | 'externalId'>,
  sessionName: string,
  policy?: string,
): () => Promise<SessionCredentials> {
  return async () => {
    try {
      const { Credentials } = await sts.send(
        new AssumeRoleCommand({
          RoleArn: arn,
          RoleSessionName: sessionName.slice(0, SESSION_NAME_LENGTH),
          ExternalId: externalId,
          DurationSeconds: SESSION_SECONDS,
          Policy: policy,
        }),
      );
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
      if (AccessKeyId === undefined || SecretAccessKey === undefined || Expiration === undefined) {
        throw new TypeError('STS answered without credentials.');
      }
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        expiration: Expiration,
        ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
      };
    } catch (error) {
      const isDenied = error instanceof STSServiceException && error.$fault === 'client';
      throw new AssumeRoleError(isDenied, `${arn}: ${error instanceof Error ? error.name : 'unknown'}`, {
        cause: error,
      });
    }
  };
}

/** Why a role gave no credentials. Calls of a client that asks for them reject with it. */
export class AssumeRoleError extends Error {
  /** Whether the role's owner has to change something; else STS was away. */
  readonly denied: boolean;

  constructor(denied: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RoleNotAssumed';
    this.denied = denied;
  }
}

let sts: STSClient | undefined;

/** The one client of STS, made when it is first needed. */
export function stsClient(): STSClient {
  sts ??= newStsClient();
  return sts;
}

/** A client of its own, with the same limits. @param credentials Default the function's. */
export function newStsClient(credentials?: SessionCredentials): STSClient {
  return new STSClient({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
}
