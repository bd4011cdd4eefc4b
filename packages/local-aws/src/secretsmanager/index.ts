import { memberOf } from '../base/memberOf.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService } from '../protocol/JsonService.ts';
import { validationError } from './errors.ts';
import type { Secrets } from './model/Secrets.ts';
import { secretOperations } from './wire/secretOperations.ts';
import { valueOperations } from './wire/valueOperations.ts';

/** AWS Secrets Manager on the wire: secrets, their versions and staging labels. */
export function secretsManagerService({ secrets }: { readonly secrets: Secrets }): AwsService {
  return jsonService({
    signingName: 'secretsmanager',
    targetPrefix: 'secretsmanager',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: validationError,
    resource: (input) => memberOf(input, 'SecretId', 'Name'),
    operations: { ...secretOperations(secrets), ...valueOperations(secrets) },
  });
}
