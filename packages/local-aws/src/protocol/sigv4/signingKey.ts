import { createHmac } from 'node:crypto';

/**
 * The key that signs requests and chunks of one day, region and service.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature
 */
export function signingKey(secret: string, scope: string): Uint8Array {
  let key: string | Uint8Array = `AWS4${secret}`;
  for (const part of scope.split('/')) key = hmac(key, part);
  return typeof key === 'string' ? Buffer.from(key) : key;
}

function hmac(key: string | Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}
