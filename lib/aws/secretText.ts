import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ReadSecret } from '../keys/KeyCache.ts';

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
