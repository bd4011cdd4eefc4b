import { z } from 'zod';
import { memberOf } from '../base/json.ts';
import { accountOfKey, type Caller, isUnbound, rootOf, type Signer } from '../iam/Caller.ts';
import { decide } from '../iam/decide.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { type JsonOperation, jsonService, operation } from '../protocol/JsonService.ts';
import { accessDenied, type Key, type Keys, keyPolicy, notAuthorized, validationError } from './Keys.ts';

export { Keys } from './Keys.ts';
export { keyAccess } from './keyAccess.ts';

/** KMS's API for reading and configuring keys, as far as somebody here calls it. It encrypts nothing: such operations are refused by name. */
export function kmsService({
  keys,
  account,
  callerOf = ({ accessKeyId }) => rootOf(accountOfKey(accessKeyId) ?? account),
}: {
  readonly keys: Keys;
  /** The deployment's account. */
  readonly account: string;
  /** Finds the caller by access key. Default: the root of the account with that number, else of the deployment's. */
  readonly callerOf?: (signer: Signer) => Caller;
}): AwsService {
  return jsonService({
    signingName: 'kms',
    targetPrefix: 'TrentService',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: validationError,
    resource: (input) => memberOf(input, 'KeyId'),
    operations: keyOperations(keys, callerOf),
  });
}

const KeyId = z.string().min(1).max(2048);
/** Operations that describe and configure a key. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
function keyOperations(keys: Keys, callerOf: (signer: Signer) => Caller): Record<string, JsonOperation> {
  /**
   * A caller with policies of its own, such as a role created here, needs those policies and the key's to allow the
   * call. So does any caller of another account than the key's.
   */
  const permit = (name: string, { signature }: AwsRequest, key?: Key) => {
    const caller = callerOf(signature);
    const sameAccount = key === undefined || key.account === caller.account;
    if (sameAccount && isUnbound(caller)) return;
    const decision = decide({
      caller,
      action: `kms:${name}`,
      resource: key?.arn ?? '*',
      owner: key?.account ?? caller.account,
      resourcePolicy: key === undefined ? undefined : keyPolicy(key),
      resourceDecides: key !== undefined,
    });
    if (!decision.allowed) throw notAuthorized(decision.because);
  };
  /** Other accounts may use a key if its policy allows it. They can't change it here. */
  const ownedKey = (name: string, id: string, request: AwsRequest) => {
    const key = keys.key(id);
    if (key.account !== callerOf(request.signature).account) throw accessDenied(key.arn);
    permit(name, request, key);
    return key;
  };
  const turn = (name: 'EnableKey' | 'DisableKey') =>
    operation({
      input: z.strictObject({ KeyId }),
      run: (input, request) => keys.turn(ownedKey(name, input.KeyId, request), name === 'EnableKey'),
    });
  return {
    DescribeKey: operation({
      input: z.strictObject({ KeyId }),
      run(input, request) {
        const key = keys.keyOrAlias(input.KeyId);
        permit('DescribeKey', request, key);
        return { KeyMetadata: metadata(key) };
      },
    }),
    EnableKey: turn('EnableKey'),
    DisableKey: turn('DisableKey'),
    ListAliases: operation({
      input: z.strictObject({ KeyId: KeyId.optional() }),
      run({ KeyId: keyId }, request) {
        permit('ListAliases', request);
        const id = keyId === undefined ? undefined : keys.key(keyId).id;
        const all = keys.aliases().filter(({ keyId }) => id === undefined || keyId === id);
        return {
          Aliases: all.map(({ name, arn, keyId }) => ({
            AliasName: name,
            AliasArn: arn,
            TargetKeyId: keyId,
          })),
          Truncated: false,
        };
      },
    }),
  };
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html */
function metadata({ id, arn, account, description, enabled, createdMs }: Key) {
  return {
    AWSAccountId: account,
    KeyId: id,
    Arn: arn,
    CreationDate: createdMs / 1000,
    Enabled: enabled,
    Description: description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: enabled ? 'Enabled' : 'Disabled',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
  };
}
