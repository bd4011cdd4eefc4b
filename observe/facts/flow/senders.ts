import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { partName } from '../../../infra/template/Stack.ts';
import { versionedSecret } from '../../../lib/aws/secrets.ts';
import type { AcceptedKey } from '../../../lib/schema/AcceptedKey.ts';
import { KeysError, readKeyring } from '../../../lib/wire/keys/Keyring.ts';
import type { Deployment } from '../../deployment.ts';
import { isNamed } from '../../explainAwsError.ts';

/** Why a secret cannot be read that does not exist. */
export const GONE = 'It does not exist.';

/** The keys of a deployment. */
export interface KeysState {
  /** SHA-256 of the keys that may send events, of the configuration and of the secret. */
  readonly senders: readonly string[];
  /** Why collectors cannot read all of the secret, in a sentence without its values; null if they can. */
  readonly fault: string | null;
}

/**
 * Reads the keys' secret as a collector does.
 *
 * @throws What Secrets Manager's client throws, but for a secret that is deleted.
 */
export async function readKeys({
  aws,
  config,
  stack,
}: Pick<Deployment, 'aws' | 'config' | 'stack'>): Promise<KeysState> {
  const client = new SecretsManagerClient(aws);
  const state = (fault: string | null, secret: readonly AcceptedKey[] = []) => {
    const senders = [...config.keys, ...secret].filter(({ kinds }) => kinds.length > 0);
    return { senders: senders.map(({ sha256 }) => sha256), fault };
  };
  try {
    const { text } = await versionedSecret(client, partName(stack, 'keys')).read();
    const { keys, problems } = readKeyring(text);
    return state(problems.join(' ') || null, keys);
  } catch (error) {
    if (error instanceof KeysError) return state(error.detail);
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
    if (isNamed(error, /^InvalidRequestException$/)) return state('It is scheduled for deletion.');
    if (isNamed(error, /^ResourceNotFoundException$/)) return state(GONE);
    throw error;
  } finally {
    client.destroy();
  }
}
