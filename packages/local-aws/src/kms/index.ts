import { memberOf } from '../base/memberOf.ts';
import { accountOfKey } from '../iam/accountKeys.ts';
import { type Caller, rootOf } from '../iam/Caller.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService } from '../protocol/JsonService.ts';
import { validationError } from './errors.ts';
import type { Keys } from './model/Keys.ts';
import { keyOperations } from './wire/keyOperations.ts';

/** KMS on the wire, as far as it tells of keys and sets them. It encrypts nothing: that is refused by name. */
export function kmsService({
  keys,
  account,
  callerOf = (accessKeyId) => rootOf(accountOfKey(accessKeyId) ?? account),
}: {
  readonly keys: Keys;
  /** The deployment's. */
  readonly account: string;
  /** Default: the root of the account that a key is, else of the deployment's. */
  readonly callerOf?: (accessKeyId: string) => Caller;
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
