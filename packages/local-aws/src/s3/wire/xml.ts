import type { AwsResponse } from '../../protocol/AwsService.ts';
import { type XmlElement, xmlDocument } from '../../protocol/xml.ts';

/** S3's answers are in it; its errors are in none. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document as the answer to a request that went well. */
export function xmlResponse(root: XmlElement, headers: Readonly<Record<string, string>> = {}): AwsResponse {
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: xmlDocument(root, NAMESPACE),
  };
}
