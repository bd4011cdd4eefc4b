import type { IncomingHttpHeaders } from 'node:http';
import { notImplemented } from '../protocol/AwsError.ts';
import type { AwsResponse } from '../protocol/AwsService.ts';
import { jsonError } from '../protocol/jsonError.ts';

/**
 * Refuses a service that isn't emulated, by name, in the words of the protocol that the request is written in:
 * JSON with a target, the Query protocol's XML for a form, else REST-JSON.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
 */
export function unknownService(name: string, headers: IncomingHttpHeaders): AwsResponse {
  const error = notImplemented(`The service ${name}`);
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    const message = error.message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    return {
      status: error.status,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse><Error><Type>Sender</Type><Code>${error.code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    };
  }
  const contentType =
    headers['content-type'] === 'application/x-amz-json-1.0'
      ? 'application/x-amz-json-1.0'
      : 'application/x-amz-json-1.1';
  return jsonError(error, contentType, { 'x-amzn-errortype': error.code });
}
