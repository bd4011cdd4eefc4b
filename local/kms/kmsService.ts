import type { AwsService } from '../edge/AwsService.ts';
import { jsonService } from '../edge/JsonService.ts';
import { memberOf } from '../edge/memberOf.ts';
import { validationError } from './errors.ts';
import type { Keys } from './model/Keys.ts';
import { keyOperations } from './wire/keyOperations.ts';

/** KMS on the wire, as far as it tells of keys and sets them. It encrypts nothing: that is refused by name. */
export function kmsService({ keys, account }: { readonly keys: Keys; readonly account: string }): AwsService {
  return jsonService({
    signingName: 'kms',
    targetPrefix: 'TrentService',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: validationError,
    resource: (input) => memberOf(input, 'KeyId'),
    operations: keyOperations(keys, account),
  });
}
