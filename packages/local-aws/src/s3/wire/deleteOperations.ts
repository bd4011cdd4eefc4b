import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import type { XmlElement } from '../../protocol/xml.ts';
import { s3Errors } from '../errors.ts';
import { DELETE_KEYS } from '../limits.ts';
import { checkKey } from '../model/ObjectStore.ts';
import { authorizeDeletion } from './authorize.ts';
import { unquoteETag, writeCondition } from './conditions.ts';
import { childText, type ParsedElement } from './parseXml.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { deletionHeaders, readVersionId } from './versionHeaders.ts';
import { readXmlBody, xmlResponse } from './xmlBodies.ts';

/** Removes one object or version. Succeeds when it doesn't exist. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: S3Operation = {
  name: 'DeleteObject',
  on: 'object',
  method: 'DELETE',
  query: ['versionId'],
  run(call) {
    const { store, key, headers } = call;
    const bucket = store.bucket(call.bucket);
    const condition = writeCondition(headers, 'DeleteObject');
    const versionId = readVersionId(call);
    const deletion =
      versionId === undefined
        ? bucket.delete(key, condition)
        : bucket.deleteVersion(key, versionId, condition);
    return { status: 204, headers: deletionHeaders(deletion) };
  },
};

/** Removes up to 1,000 objects independently. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: S3Operation = {
  name: 'DeleteObjects',
  on: 'bucket',
  method: 'POST',
  selectedBy: ['delete'],
  async run(call) {
    call.store.bucket(call.bucket);
    if (!('content-md5' in call.headers) && !Object.keys(call.headers).some((name) => CHECKSUM.test(name))) {
      throw s3Errors.invalidRequest(
        'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
      );
    }
    const body = await readXmlBody(call, 'Delete');
    const unknown = body?.children.find(({ name }) => name !== 'Object' && name !== 'Quiet');
    if (unknown !== undefined) throw s3Errors.malformedXml(`<${unknown.name}> is no member of <Delete>.`);
    const objects = body?.children.filter(({ name }) => name === 'Object') ?? [];
    if (body === undefined || objects.length === 0 || objects.length > DELETE_KEYS) {
      throw s3Errors.malformedXml(`expected from 1 to ${DELETE_KEYS} objects, got ${objects.length}.`);
    }
    const quiet = childText(body, 'Quiet')?.trim() === 'true';
    return xmlResponse([
      'DeleteResult',
      objects.map((object) => deleteOne(call, object)).filter(([name]) => !quiet || name === 'Error'),
    ]);
  },
};

/** A header with a checksum of the body, or one that announces it behind the body. */
const CHECKSUM = /^x-amz-(checksum-|trailer$)/;

/** The members of an object in the list that are emulated. */
const DELETE_MEMBERS: readonly string[] = ['Key', 'ETag', 'VersionId'];

/** What a deletion says of the delete marker that it left or removed; no elements without one. */
function markerElements(isMarker: boolean, versionId: string | undefined): XmlElement[] {
  if (!isMarker || versionId === undefined) return [];
  return [
    ['DeleteMarker', true],
    ['DeleteMarkerVersionId', versionId],
  ];
}

/** Keys succeed or fail independently: the answer lists failures beside successes. */
function deleteOne(call: S3Call, object: ParsedElement): XmlElement {
  const key = childText(object, 'Key');
  const versionId = childText(object, 'VersionId') || undefined;
  if (key === undefined) throw s3Errors.malformedXml('an object has no key.');
  try {
    for (const { name } of object.children) {
      if (!DELETE_MEMBERS.includes(name)) throw notImplemented(`S3 DeleteObjects with ${name}`);
    }
    checkKey(key);
    const etag = childText(object, 'ETag');
    authorizeDeletion(call, { key, versionId, etag });
    const condition = etag === undefined ? {} : { ifMatch: unquoteETag(etag) };
    const bucket = call.store.bucket(call.bucket);
    if (versionId === undefined) {
      const { isMarker, versionId: marker } = bucket.delete(key, condition);
      return ['Deleted', [['Key', key], ...markerElements(isMarker, marker)]];
    }
    const { isMarker } = bucket.deleteVersion(key, versionId, condition);
    return ['Deleted', [['Key', key], ['VersionId', versionId], ...markerElements(isMarker, versionId)]];
  } catch (thrown) {
    if (!(thrown instanceof AwsError)) throw thrown;
    // Unlike DeleteObject, this doesn't distinguish an ID that never existed from one that is gone.
    const isUnknown = versionId !== undefined && thrown.members['ArgumentName'] === 'versionId';
    const error = isUnknown ? s3Errors.noSuchVersion(key, versionId) : thrown;
    return [
      'Error',
      [
        ['Key', key],
        versionId === undefined ? undefined : ['VersionId', versionId],
        ['Code', error.code],
        ['Message', error.message],
      ],
    ];
  }
}
