import type { AwsError } from '../../protocol/AwsError.ts';
import type { AwsResponse } from '../../protocol/AwsService.ts';
import { xmlDocument } from '../../protocol/xml.ts';

/**
 * S3's error document. The answer to HEAD has none: the SDK then goes by the status alone.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
 */
export function errorResponse(
  error: AwsError,
  request: { readonly method: string; readonly requestId: string; readonly resource?: string },
): AwsResponse {
  const { method, requestId, resource } = request;
  const { Region } = error.members;
  const headers = {
    'content-type': 'application/xml',
    // The SDKs go there: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    ...(Region === undefined ? {} : { 'x-amz-bucket-region': Region }),
  };
  if (method === 'HEAD') return { status: error.status, headers };
  return {
    status: error.status,
    headers,
    body: xmlDocument(
      [
        'Error',
        [
          ['Code', error.code],
          ['Message', error.message],
          ...Object.entries(error.members),
          resource === undefined ? undefined : ['Resource', resource],
          ['RequestId', requestId],
          ['HostId', hostId(requestId)],
        ],
      ],
      '',
    ),
  };
}

/** S3's second request id. Ours says no more than the first. */
export function hostId(requestId: string): string {
  return Buffer.from(`sluice-local/${requestId}`).toString('base64');
}
