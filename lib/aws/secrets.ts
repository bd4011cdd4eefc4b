import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { KeysSecret } from '../wire/keys/editKeys.ts';
import type { ReadSecret } from '../wire/keys/KeyCache.ts';

/**
 * The keys in Secrets Manager, which several people may write. A new version is created first, and becomes current only
 * if the version that was read still is. So no key is lost when two people add one at the same time.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 *
 * @param secretId Name or ARN.
 */
export function versionedSecret(client: SecretsManagerClient, secretId: string): KeysSecret {
  return {
    async read() {
      const {
        SecretString = '',
        VersionId = '',
        CreatedDate,
      } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
      return { text: SecretString, version: VersionId, createdAt: CreatedDate?.toISOString() };
    },
    async replace(text, version) {
      const { VersionId } = await client.send(
        // AWS's rotations give this label to a version that is not current yet.
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
      } catch (error) {
        if (error instanceof Error && error.name === 'InvalidParameterException') return false;
        throw error;
      }
      // A version that still has the label AWSPENDING was never current. This version is current, whether or not its
      // label is removed.
      const pending = { SecretId: secretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId };
      await client.send(new UpdateSecretVersionStageCommand(pending)).catch(() => undefined);
      return true;
    },
  };
}

/**
 * Reads the current text of a secret. Throws the error of the client if it could not be read in time.
 *
 * @param client Called when the secret is first read, so that an unused client is never created.
 * @param secretId ARN or name.
 */
export function secretText(client: () => SecretsManagerClient, secretId: string): ReadSecret {
  return async (timeoutMs) => {
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: secretId }), {
      abortSignal: AbortSignal.timeout(timeoutMs),
    });
    // Sluice writes no binary values. Read as text, such a value is refused as an invalid list of keys.
    return SecretString ?? '';
  };
}

/** Milliseconds for a connection: a request of an SDK may wait for the keys. */
const SECRETS_CONNECT_MS = 500;

let secretsManager: SecretsManagerClient | undefined;

/**
 * The shared client of Secrets Manager, created on first use. It makes two attempts. Who calls limits the time
 * of the answer, as {@link secretText} does.
 */
export function secretsManagerClient(): SecretsManagerClient {
  secretsManager ??= new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: SECRETS_CONNECT_MS },
  });
  return secretsManager;
}
