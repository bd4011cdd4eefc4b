import { createHash } from 'node:crypto';
import { readBody } from '../../protocol/readBody.ts';
import { Checksum } from '../checksums/Checksum.ts';
import { s3Errors } from '../errors.ts';
import { XML_BODY_BYTES } from '../limits.ts';
import { type ParsedElement, parseXml } from './parseXml.ts';
import { receiveBody } from './receiveBody.ts';
import type { S3Call } from './S3Operation.ts';

/**
 * Reads a small XML body, held to the same hashes as an object's.
 *
 * @param name The element it must be.
 * @returns `undefined` when the body is empty.
 */
export async function readXmlBody(call: S3Call, name: string): Promise<ParsedElement | undefined> {
  const text = await readTextBody(call);
  if (text === '') return undefined;
  const root = parseXml(text);
  if (root.name !== name) throw s3Errors.malformedXml(`expected <${name}>, came <${root.name}>.`);
  return root;
}

/** Reads a small body of text, held to the same hashes as an object's. */
export async function readTextBody(call: S3Call): Promise<string> {
  const received = receiveBody(call);
  const bytes = await readBody(received.bytes, XML_BODY_BYTES);
  const checksums = received.algorithm === undefined ? [] : [new Checksum(received.algorithm)];
  for (const checksum of checksums) checksum.update(bytes);
  received.verify({
    md5: createHash('md5').update(bytes).digest(),
    checksums: new Map(checksums.map((checksum) => [checksum.algorithm, checksum.digest()])),
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw s3Errors.malformedXml('it is not UTF-8.');
  }
}
