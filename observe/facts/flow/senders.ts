import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { partName } from '../../../infra/template/Stack.ts';
import { versionedSecret } from '../../../lib/aws/secrets.ts';
import type { AcceptedKey } from '../../../lib/schema/AcceptedKey.ts';
import { KeysError, readKeyring } from '../../../lib/wire/keys/Keyring.ts';
import type { Deployment } from '../../deployment.ts';
import { isNamed } from '../../ifThere.ts';

/** The code of requests whose key is not in the list. */
export const UNKNOWN_KEY = 'SLUICE_KEY_UNKNOWN';

/** The keys of a deployment. */
export interface KeysState {
  /** SHA-256 of the keys that may send events, of the configuration and of the secret. */
  readonly senders: readonly string[];
  /** The label of every key of both, also of those that may send no events, by the SHA-256. */
  readonly labels: Readonly<Record<string, string>>;
  /** The environment that each key of both gives to events without a tier, by its label; none of one that has none. */
  readonly environments: Readonly<Record<string, string>>;
  /** Why collectors cannot read all of the secret, in a sentence without its values; null if they can. */
  readonly fault: string | null;
  /** What the fault is: `entries` of some entries of a list that can be read else; null without one. */
  readonly faultKind: 'invalid' | 'entries' | 'deleted' | 'gone' | null;
  /** Names of the entries that cannot be read, as `Keyring.unreadable`; empty of other faults. */
  readonly unreadable: readonly string[];
  /** When the present version of the secret was made, ISO 8601; null if it cannot be read, or Secrets Manager does not say it. */
  readonly changedAt: string | null;
}

/**
 * Reads the keys' secret as a collector does.
 *
 * @throws What Secrets Manager's client throws, but for a secret that is deleted or does not exist: that is a fault.
 */
export async function readKeys({
  aws,
  config,
  stack,
}: Pick<Deployment, 'aws' | 'config' | 'stack'>): Promise<KeysState> {
  const client = new SecretsManagerClient(aws);
  const SecretId = partName(stack, 'keys');
  let changedAt: string | null = null;
  const state = (
    fault: string | null,
    faultKind: KeysState['faultKind'],
    secret: readonly AcceptedKey[] = [],
    unreadable: readonly string[] = [],
  ): KeysState => {
    const all = [...config.keys, ...secret];
    const senders = all.flatMap(({ kinds, sha256 }) => (kinds.length > 0 ? [sha256] : []));
    const labels = Object.fromEntries(all.map(({ sha256, label }) => [sha256, label] as const));
    const environments = Object.fromEntries(
      all.flatMap(({ label, environment }) =>
        environment === undefined ? [] : [[label, environment] as const],
      ),
    );
    return { senders, labels, environments, fault, faultKind, unreadable, changedAt };
  };
  try {
    const { text, createdAt } = await versionedSecret(client, SecretId).read();
    changedAt = createdAt ?? null;
    const { keys, problems, unreadable } = readKeyring(text);
    return unreadable.length === 0
      ? state(null, null, keys)
      : state(problems.join(' '), 'entries', keys, unreadable);
  } catch (error) {
    if (error instanceof KeysError) return state(error.detail, 'invalid');
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
    if (isNamed(error, /^InvalidRequestException$/)) {
      // Credentials may read the value and not be allowed to describe the secret.
      const described = await client.send(new DescribeSecretCommand({ SecretId })).catch(() => undefined);
      // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
      const at = described?.DeletedDate === undefined ? '' : ` at ${described.DeletedDate.toISOString()}`;
      return state(`It is scheduled for deletion${at}.`, 'deleted');
    }
    if (isNamed(error, /^ResourceNotFoundException$/)) return state('It does not exist.', 'gone');
    throw error;
  } finally {
    client.destroy();
  }
}
