import type { AwsError } from './AwsError.ts';
import type { AwsResponse } from './AwsService.ts';

/** The two JSON protocols; they differ in this header only. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export type JsonContentType = 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';

/** An error as the JSON protocols have it: the SDK takes the error's name from `__type`. */
export function jsonError(
  error: AwsError,
  contentType: JsonContentType,
  headers: Readonly<Record<string, string>> = {},
): AwsResponse {
  return {
    status: error.status,
    headers: { 'content-type': contentType, ...headers },
    body: JSON.stringify({ __type: error.code, message: error.message, ...error.members }),
  };
}
