import type { Resources } from '../template/Resource.ts';
import { logicalIds, partName, RETAINED, type Stack } from '../template/Stack.ts';

/**
 * The secret with the hashes of SDK keys, which `sluice keys` writes and the collector reads. It starts empty, and its
 * value in the template never changes. CloudFormation writes the value only when the template changes it, so a deployment
 * does not overwrite keys. The secret is retained when the stack is deleted.
 */
export function keysSecret(stack: Stack): Resources {
  return {
    [logicalIds.keysSecret]: {
      Type: 'AWS::SecretsManager::Secret',
      ...RETAINED,
      Properties: {
        Name: partName(stack, 'keys'),
        Description: 'SHA-256 of the SDK keys that may post to Sluice; written by `sluice keys`',
        SecretString: JSON.stringify({ keys: [] }),
      },
    },
  };
}
