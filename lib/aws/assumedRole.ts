import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { errorText } from '../base/errors.ts';
import type { Source } from '../schema/sources.ts';
import { ANSWER_MS, clientLimits } from './clientLimits.ts';

/**
 * An hour, which every role allows, and the maximum for role chaining:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
const SESSION_SECONDS = 3_600;
/** Longest name of a session, characters (same page). */
const SESSION_NAME_LENGTH = 64;

/** Credentials of a session. */
export interface SessionCredentials {
  /** The ID of the session's key. */
  readonly accessKeyId: string;
  /** What requests are signed with. */
  readonly secretAccessKey: string;
  /** The token that each request of the session carries; absent if STS gave none. */
  readonly sessionToken?: string;
  /** When the session ends. */
  readonly expiration: Date;
}

/**
 * A credential provider for AWS clients. A client caches the credentials and asks again before they expire. Its calls reject
 * with AssumeRoleError if the role can't be assumed.
 *
 * @param sessionName The name that CloudTrail shows; truncated if it is too long.
 * @param policy Session policy in JSON, which limits the permissions of the role. Default: no limit.
 */
export function assumedRoleCredentials(
  client: STSClient,
  { arn, externalId }: Pick<NonNullable<Source['role']>, 'arn' | 'externalId'>,
  sessionName: string,
  policy?: string,
): () => Promise<SessionCredentials> {
  return async () => {
    try {
      const { Credentials } = await client.send(
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
      throw new AssumeRoleError(isDenied, `${arn}: ${errorText(error)}`, { cause: error });
    }
  };
}

/** Why a role could not be assumed. Calls of a client with its credentials reject with this error. */
export class AssumeRoleError extends Error {
  /** Whether the role's owner must change something. Otherwise STS was unavailable. */
  readonly isDenied: boolean;

  constructor(isDenied: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AssumeRoleError';
    this.isDenied = isDenied;
  }
}

let sts: STSClient | undefined;

/** The shared client of STS, created on first use. */
export function stsClient(): STSClient {
  sts ??= newStsClient();
  return sts;
}

/** Makes a separate client with the same settings. @param credentials Default: the function's. */
export function newStsClient(credentials?: SessionCredentials): STSClient {
  return new STSClient({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 3,
    requestHandler: clientLimits({ answerMs: ANSWER_MS.usual }),
  });
}
