import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import type { XmlElement } from '../../protocol/xml.ts';
import { s3Errors } from '../errors.ts';
import { DELETE_KEYS } from '../limits.ts';
import { checkKey } from '../model/ObjectStore.ts';
import { authorizeObject } from './authorize.ts';
import { bareTag, writeCondition } from './conditions.ts';
import { childText, type ParsedElement } from './parseXml.ts';
import { readXmlBody } from './readXmlBody.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { xmlResponse } from './xml.ts';

/** Removes one object; one that is not there is removed already. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: S3Operation = {
  name: 'DeleteObject',
  on: 'object',
  method: 'DELETE',
  run({ store, bucket, key, headers }) {
    store.delete(bucket, key, writeCondition(headers, 'DeleteObject'));
    return { status: 204 };
  },
};

/** Removes up to 1,000 objects, each by itself. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
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
    const objects = body?.children.filter(({ name }) => name === 'Object') ?? [];
    if (body === undefined || objects.length === 0 || objects.length > DELETE_KEYS) {
      throw s3Errors.malformedXml(`expected from 1 to ${DELETE_KEYS} objects, came ${objects.length}.`);
    }
    const quiet = childText(body, 'Quiet')?.trim() === 'true';
    return xmlResponse([
      'DeleteResult',
      objects.map((object) => deleteOne(call, object)).filter(([name]) => !quiet || name === 'Error'),
    ]);
  },
};

const CHECKSUM = /^x-amz-(checksum-|trailer$)/;

/** Each key fares by itself: what goes wrong with one stands in the answer beside what went well. */
function deleteOne(call: S3Call, object: ParsedElement): XmlElement {
  const key = childText(object, 'Key');
  if (key === undefined) throw s3Errors.malformedXml('an object has no key.');
  try {
    for (const { name } of object.children) {
      if (name !== 'Key' && name !== 'ETag') throw notImplemented(`S3 DeleteObjects with ${name}`);
    }
    checkKey(key);
    call.request.reach?.(`${call.bucket}/${key}`);
    authorizeObject(call, 's3:DeleteObject', key);
    const etag = childText(object, 'ETag');
    call.store.delete(call.bucket, key, etag === undefined ? {} : { ifMatch: bareTag(etag) });
    return ['Deleted', [['Key', key]]];
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return [
      'Error',
      [
        ['Key', key],
        ['Code', error.code],
        ['Message', error.message],
      ],
    ];
  }
}
