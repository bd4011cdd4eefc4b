import { type KeysSecret, keysSecret } from '../../lib/aws/keysSecret.ts';
import { KeyListError } from '../../lib/keys/KeyListError.ts';

/** Tries to change a secret that somebody else changes, too: one of any two always succeeds. */
const ATTEMPTS = 5;

/** Where the secret is; what is left out is as AWS tools have it (AWS_REGION, AWS_ENDPOINT_URL, profile). */
export interface SecretPlace {
  readonly secretId: string;
  readonly region?: string;
  readonly endpoint?: string;
}

/** The keys' secret, with AWS's refusals in our words. */
export async function openKeysSecret(place: SecretPlace) {
  const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const { secretId, region, endpoint } = place;
  const client = new SecretsManagerClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const secret: KeysSecret = keysSecret(client, secretId);
  return {
    read: () => explain(secretId, () => secret.read()),
    /** Applies a change to the text, again on a newer one if somebody was quicker. */
    change: (edit: (text: string) => string) =>
      explain(secretId, async () => {
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          const { text, version } = await secret.read();
          if (await secret.replace(edit(text), version)) return;
        }
        throw new KeyListError('SLUICE_KEYS_BUSY');
      }),
  };
}

async function explain<Result>(secretId: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'ResourceNotFoundException') {
      throw new KeyListError('SLUICE_KEYS_NO_SECRET', `Came ${secretId}.`, { cause: error });
    }
    if (/AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|Credentials/.test(name)) {
      throw new KeyListError('SLUICE_KEYS_REFUSED', `${name}.`, { cause: error });
    }
    throw error;
  }
}
