import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { partName } from '../../../infra/template/Stack.ts';
import { versionedSecret } from '../../../lib/aws/secrets.ts';
import { readKeyring } from '../../../lib/wire/keys/Keyring.ts';
import type { Deployment } from '../../deployment.ts';

/**
 * How many keys may send events, as the configuration and, if that has none, the keys' secret say.
 *
 * @returns Null if the configuration allows any key.
 * @throws KeysError; what Secrets Manager's client throws.
 */
export async function countSenders({
  aws,
  config,
  stack,
}: Pick<Deployment, 'aws' | 'config' | 'stack'>): Promise<number | null> {
  if (config.allowAnyKey) return null;
  const sends = ({ kinds }: { readonly kinds: readonly string[] }) => kinds.length > 0;
  const configured = config.keys.filter(sends).length;
  if (configured > 0) return configured;
  const client = new SecretsManagerClient(aws);
  try {
    const { text } = await versionedSecret(client, partName(stack, 'keys')).read();
    return readKeyring(text).keys.filter(sends).length;
  } finally {
    client.destroy();
  }
}
