import { createHash } from 'node:crypto';
import type { AwsError } from '../../protocol/AwsError.ts';
import { type AwsResponse, readBody } from '../../protocol/AwsService.ts';
import { type XmlElement, xmlDocument } from '../../protocol/xml.ts';
import { Checksum, type ChecksumAlgorithm } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { XML_BODY_BYTES } from '../limits.ts';
import type { StoredChecksum } from '../model/StoredObject.ts';
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

/** An element of a request body. Attributes are ignored: S3's requests have only the namespace. */
export interface ParsedElement {
  readonly name: string;
  /** Set on an element without children. */
  text: string;
  readonly children: ParsedElement[];
}

const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)|</g;
const ENTITY = /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));|&/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** S3's deepest request document has four levels. */
const DEPTH = 8;

/**
 * Parses a request body: elements, text, CDATA, comments and the predefined entities, which is all that S3 receives.
 * A DOCTYPE is refused, so no entity can be defined.
 *
 * @throws AwsError `MalformedXML`.
 */
function parseXml(xml: string): ParsedElement {
  const root: ParsedElement = { name: '', text: '', children: [] };
  const open: ParsedElement[] = [root];
  for (const [token, cdata, closing, name, , empty, text] of xml.replace(/^\ufeff/, '').matchAll(TOKEN)) {
    const parent = open.at(-1) ?? root;
    if (cdata !== undefined) parent.text += cdata;
    else if (text !== undefined) parent.text += decodeEntities(text);
    else if (name !== undefined) {
      if (closing === '/') {
        if (open.length === 1 || parent.name !== name)
          throw s3Errors.malformedXml(`</${name}> closes nothing.`);
        open.pop();
        continue;
      }
      const element: ParsedElement = { name, text: '', children: [] };
      parent.children.push(element);
      if (empty !== '/') open.push(element);
      if (open.length > DEPTH) throw s3Errors.malformedXml('it is nested too deeply.');
    } else if (token === '<') {
      throw s3Errors.malformedXml('a < begins no element.');
    }
  }
  const [only, second] = root.children;
  if (open.length > 1 || only === undefined || second !== undefined || root.text.trim() !== '') {
    throw s3Errors.malformedXml('it is not one whole element.');
  }
  return only;
}

/** The text of a child; `undefined` if the child doesn't exist. */
export function childText(element: ParsedElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function decodeEntities(text: string): string {
  return text.replace(ENTITY, (entity, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? '';
    const code = hex === undefined ? Number(decimal ?? 'NaN') : Number.parseInt(hex, 16);
    if (!(code <= 0x10ffff)) throw s3Errors.malformedXml(`${entity} is not an entity.`);
    return String.fromCodePoint(code);
  });
}

/** The owner of a bucket and of every object in it, by account. S3 no longer sends display names. */
export function ownerElement(account: string): XmlElement {
  return ['Owner', [['ID', canonicalId(account)]]];
}

/** The initiator of an upload: the bucket's owner, because only accounts have canonical IDs. */
export function initiatorElement(account: string): XmlElement {
  return ['Initiator', [['ID', canonicalId(account)]]];
}

/** Canonical user ID of an account. Any 64 hex digits would do. */
function canonicalId(account: string): string {
  return account.padStart(64, '0');
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

/** S3's second request id. Here it carries no more information than the first. */
export function hostId(requestId: string): string {
  return Buffer.from(`local-aws/${requestId}`).toString('base64');
}
