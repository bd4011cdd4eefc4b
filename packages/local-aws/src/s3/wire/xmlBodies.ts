import { createHash } from 'node:crypto';
import type { AwsError } from '../../protocol/AwsError.ts';
import { type AwsResponse, readBody } from '../../protocol/AwsService.ts';
import { type XmlElement, xmlDocument } from '../../protocol/xml.ts';
import { Checksum, type ChecksumAlgorithm } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { XML_BODY_BYTES } from '../limits.ts';
import type { StoredChecksum } from '../model/StoredObject.ts';
import { type ParsedElement, parseXml } from './parseXml.ts';
import { receiveBody } from './receiveBody.ts';
import type { S3Call } from './S3Operation.ts';

/** The namespace of S3's answers. Its errors have none. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document as the answer to a successful request. */
export function xmlResponse(root: XmlElement, headers: Readonly<Record<string, string>> = {}): AwsResponse {
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: xmlDocument(root, NAMESPACE),
  };
}

/** The owner of a bucket and of every object in it, by account. S3 no longer sends display names. */
export function ownerElement(account: string): XmlElement {
  return ['Owner', [['ID', canonicalId(account)]]];
}

/** The initiator of an upload: the bucket's owner, because only accounts have canonical IDs. */
export function initiatorElement(account: string): XmlElement {
  return ['Initiator', [['ID', canonicalId(account)]]];
}

/** Digits of a canonical user ID: https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html */
const CANONICAL_DIGITS = 64;

/** Canonical user ID of an account. Any hexadecimal digits would do. */
function canonicalId(account: string): string {
  return account.padStart(CANONICAL_DIGITS, '0');
}

/** The XML element with the value of an algorithm, for example `ChecksumCRC32`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

/** The XML elements of a checksum and its type; empty without a checksum. */
export function checksumElements(checksum: StoredChecksum | undefined): XmlElement[] {
  return checksum === undefined
    ? []
    : [
        [checksumElement(checksum.algorithm), checksum.value],
        ['ChecksumType', checksum.type],
      ];
}

/**
 * Reads a small XML body, checked against the same hashes as an object's.
 *
 * @param name The required root element.
 * @returns `undefined` when the body is empty.
 */
export async function readXmlBody(call: S3Call, name: string): Promise<ParsedElement | undefined> {
  const text = await readTextBody(call);
  if (text === '') return undefined;
  const root = parseXml(text);
  if (root.name !== name) throw s3Errors.malformedXml(`expected <${name}>, got <${root.name}>.`);
  return root;
}

/** Reads a small text body, checked against the same hashes as an object's. */
export async function readTextBody(call: S3Call): Promise<string> {
  const received = receiveBody(call);
  const bytes = await readBody(received.bytes, XML_BODY_BYTES);
  const checksum = received.algorithm && new Checksum(received.algorithm);
  checksum?.update(bytes);
  received.verify({
    md5: createHash('md5').update(bytes).digest(),
    checksum: checksum && { value: checksum.digest() },
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw s3Errors.malformedXml('it is not UTF-8.');
  }
}

/**
 * S3's error document. The answer to HEAD has no body: the SDK then uses only the status.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
 */
export function errorResponse(
  error: AwsError,
  request: { readonly method: string; readonly requestId: string; readonly resource?: string },
): AwsResponse {
  const { method, requestId, resource } = request;
  const { Region } = error.members;
  const headers = {
    ...error.headers,
    'content-type': 'application/xml',
    // The SDKs read the region from this header: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    ...(Region === undefined ? {} : { 'x-amz-bucket-region': Region }),
  };
  if (method === 'HEAD') return { status: error.status, headers };
  return {
    status: error.status,
    headers,
    body: xmlDocument([
      'Error',
      [
        ['Code', error.code],
        ['Message', error.message],
        ...Object.entries(error.members),
        resource === undefined ? undefined : ['Resource', resource],
        ['RequestId', requestId],
        ['HostId', hostId(requestId)],
      ],
    ]),
  };
}

/** S3's second request id. Here it carries no more information than the first. */
export function hostId(requestId: string): string {
  return Buffer.from(`local-aws/${requestId}`).toString('base64');
}
