import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AwsResponse } from '../protocol/AwsService.ts';

/**
 * Sends a service's answer with the headers that every AWS answer has. The SDKs correct their clocks by its date, so a
 * cloud that lives in another week can still be talked to.
 */
export async function sendResponse(
  response: ServerResponse,
  answer: AwsResponse,
  requestId: string,
  nowMs: number,
): Promise<void> {
  const { status, headers = {}, body } = answer;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('date', new Date(nowMs).toUTCString());
  response.setHeader('x-amzn-requestid', requestId);
  response.setHeader('x-amz-request-id', requestId);
  response.writeHead(status);
  if (body instanceof Readable) {
    await pipeline(body, response);
    return;
  }
  response.end(body);
}
