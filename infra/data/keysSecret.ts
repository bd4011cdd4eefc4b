import type { Resources } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/**
 * The secret with the hashes of SDK keys, which `sluice keys` writes and the collector reads. It starts empty and
 * its content here never changes: CloudFormation puts a value anew only when the template's own does, so no
 * deployment overwrites keys that were added since. It outlives the stack: whoever deploys anew has their keys.
 */
export function keysSecret(stack: Stack): Resources {
  return {
    [logicalIds.keysSecret]: {
      Type: 'AWS::SecretsManager::Secret',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Name: partName(stack, 'keys'),
        Description: 'SHA-256 of the SDK keys that may post to Sluice; written by `sluice keys`',
        SecretString: JSON.stringify({ keys: [] }),
      },
    },
  };
}
