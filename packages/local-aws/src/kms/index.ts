import { z } from 'zod';
import { memberOf } from '../base/json.ts';
import { type Caller, rootByKey, type Signer } from '../iam/Caller.ts';
import { decide } from '../iam/decide.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { epochSeconds, type JsonOperation, jsonService, operation } from '../protocol/jsonService.ts';
import { accessDenied, notAuthorized, validationError } from './errors.ts';
import { type Key, type Keys, keyPolicyFor } from './Keys.ts';

export { Keys } from './Keys.ts';
export { keyAccess } from './keyAccess.ts';

/** Options of {@link kmsService}. */
export interface KmsOptions {
  /** The keys of all accounts. */
  readonly keys: Keys;
  /** The deployment's account. */
  readonly account: string;
  /** Finds the caller by access key. Default: the root of the account with that number, else of the deployment's. */
  readonly callerOf?: (signer: Signer) => Caller;
}

/** KMS's API for reading and configuring keys. It encrypts nothing: such operations are refused by name. */
export function kmsService({ keys, account, callerOf = rootByKey(account) }: KmsOptions): AwsService {
  return jsonService({
    signingName: 'kms',
    targetPrefix: 'TrentService',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: validationError,
    resource: (input) => memberOf(input, 'KeyId'),
    operations: keyOperations(keys, callerOf),
  });
}

/** Characters of a key's name: https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html */
const KEY_NAME_CHARACTERS = 2_048;
/** A key's ID, ARN or alias. */
const KeyId = z.string().min(1).max(KEY_NAME_CHARACTERS);

/** Operations that describe and configure a key. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
function keyOperations(keys: Keys, callerOf: (signer: Signer) => Caller): Record<string, JsonOperation> {
  /** The key of a call that only the key's own account may make. Other accounts may use a key if its policy allows it. */
  const ownKey = (id: string, caller: Caller): Key => {
    const key = keys.key(id);
    if (key.account !== caller.account) throw accessDenied(key.arn);
    return key;
  };
  const turn = (name: 'EnableKey' | 'DisableKey') =>
    operation({
      input: z.strictObject({ KeyId }),
      run(input, { signature }) {
        const caller = callerOf(signature);
        const key = ownKey(input.KeyId, caller);
        requirePermission(name, caller, key);
        keys.turn(key, name === 'EnableKey');
      },
    });
  return {
    DescribeKey: operation({
      input: z.strictObject({ KeyId }),
      run(input, { signature }) {
        const key = keys.keyOrAlias(input.KeyId);
        requirePermission('DescribeKey', callerOf(signature), key);
        return { KeyMetadata: metadata(key) };
      },
    }),
    EnableKey: turn('EnableKey'),
    DisableKey: turn('DisableKey'),
    ListAliases: operation({
      input: z.strictObject({ KeyId: KeyId.optional() }),
      run(input, { signature }) {
        const caller = callerOf(signature);
        requirePermission('ListAliases', caller);
        const id = input.KeyId === undefined ? undefined : ownKey(input.KeyId, caller).id;
        const own = keys.aliases().filter(({ account }) => account === caller.account);
        const aliases = own.filter(({ keyId }) => id === undefined || keyId === id);
        return {
          Aliases: aliases.map(({ name, arn, keyId }) => ({
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

/**
 * Requires that a caller may perform an operation. A caller with policies of its own, such as a role created here, needs those
 * policies and the key's to allow the call. So does any caller of another account than the key's. What the key's policy denies
 * is refused to everybody.
 *
 * @param key Undefined for an operation on no key.
 * @throws AwsError `AccessDeniedException`
 */
function requirePermission(operationName: string, caller: Caller, key?: Key): void {
  const decision = decide({
    caller,
    action: `kms:${operationName}`,
    resource: key?.arn ?? '*',
    owner: key?.account ?? caller.account,
    ...(key === undefined ? { resourcePolicy: undefined } : keyPolicyFor(key, caller)),
  });
  if (!decision.allowed) throw notAuthorized(decision.because);
}

/** How KMS describes a key: https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html */
function metadata({ id, arn, account, description, enabled, createdMs }: Key) {
  return {
    AWSAccountId: account,
    KeyId: id,
    Arn: arn,
    CreationDate: epochSeconds(createdMs),
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
