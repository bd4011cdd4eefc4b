import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { KeysSecret } from '../wire/keys/editKeys.ts';
import type { ReadSecret } from '../wire/keys/KeyCache.ts';

/**
 * The keys' secret in Secrets Manager. A version is put aside first and made current only if the one that was
 * read still is: two people who add a key at the same time can't lose one.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 *
 * @param secretId Name or ARN.
 */
export function keysSecret(client: SecretsManagerClient, secretId: string): KeysSecret {
  return {
    async read() {
      const { SecretString = '', VersionId = '' } = await client.send(
        new GetSecretValueCommand({ SecretId: secretId }),
      );
      return { text: SecretString, version: VersionId };
    },
    async replace(text, version) {
      const { VersionId } = await client.send(
        // The label that AWS's own rotations give a version which isn't current yet.
        new PutSecretValueCommand({ SecretId: secretId, SecretString: text, VersionStages: ['AWSPENDING'] }),
      );
      try {
        await client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: secretId,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: VersionId,
            RemoveFromVersionId: version,
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'InvalidParameterException') return false;
        throw error;
      }
    },
  };
}

/**
 * Reads the current text of a secret. Throws what the client throws when it could not be read in time.
 *
 * @param client Asked for when the secret is first read: who never needs it, never makes it.
 * @param secretId ARN or name.
 */
export function secretText(client: () => SecretsManagerClient, secretId: string): ReadSecret {
  return async (timeoutMs) => {
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: secretId }), {
      abortSignal: AbortSignal.timeout(timeoutMs),
    });
    // A value of bytes is none that we wrote; read as text it is no list of keys, and refused as such.
    return SecretString ?? '';
  };
}

let secretsManager: SecretsManagerClient | undefined;

/**
 * The one client of Secrets Manager, made when it is first needed. It tries twice and soon: a request of an SDK
 * may be waiting for it.
 */
export function secretsManagerClient(): SecretsManagerClient {
  secretsManager ??= new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  return secretsManager;
}
