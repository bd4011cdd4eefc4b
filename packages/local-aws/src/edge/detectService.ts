import type { AwsService } from '../protocol/AwsService.ts';

/** What a request says of where it wants to go. */
export interface ServiceHint {
  /** Service in the signature's scope; absent when the request isn't signed. */
  readonly signingName?: string;
  /** `X-Amz-Target`, e.g. `AWSGlue.GetTable`. */
  readonly target?: string;
}

/**
 * Finds the service of a request by its signature's scope, else by its target's prefix. An unsigned request
 * without a target can only be meant for S3: a browser at the endpoint, a public object.
 *
 * @returns The service, or the name of one that isn't there.
 */
export function detectService(
  services: readonly AwsService[],
  hint: ServiceHint,
): AwsService | { readonly unknown: string } {
  const { signingName, target } = hint;
  const prefix = target?.slice(0, Math.max(0, target.lastIndexOf('.')));
  const found =
    signingName !== undefined
      ? services.find((service) => service.signingName === signingName)
      : target !== undefined
        ? services.find((service) => service.targetPrefix === prefix)
        : services.find((service) => service.signingName === 's3');
  return found ?? { unknown: signingName ?? prefix ?? 's3' };
}
