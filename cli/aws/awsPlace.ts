/** Where AWS is, as clients take it. */
export interface AwsPlace {
  readonly region?: string;
  readonly endpoint?: string;
}

/**
 * Where a command goes: by its options, else as AWS's tools have it. AWS_DEFAULT_REGION is the AWS CLI's, which the
 * JavaScript SDK doesn't read. Without any region the client looks into the profile.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
 *
 * @param env An empty variable counts as none.
 */
export function awsPlace(
  options: { readonly region?: string | undefined; readonly endpoint?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): AwsPlace {
  const region = options.region || env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  return {
    ...(region ? { region } : {}),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  };
}
