import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import { compareUtf8 } from '../../model/KeyIndex.ts';
import { UPLOAD_ID, type Upload } from '../../model/MultipartUploads.ts';
import type { S3Operation } from '../S3Operation.ts';
import { initiatorElement, ownerElement, xmlResponse } from '../xmlBodies.ts';
import { checksumTypeElements } from './listElements.ts';
import { listParameters, parameter } from './listParameters.ts';

/** Lists the uploads that are not completed or aborted. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: S3Operation = {
  name: 'ListMultipartUploads',
  on: 'bucket',
  method: 'GET',
  selectedBy: ['uploads'],
  query: ['prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
  run({ store, bucket, query }) {
    const { encode, prefix, limit, encodingType } = listParameters(query, 'max-uploads');
    const keyMarker = parameter(query, 'key-marker');
    // Without a key, S3 ignores the ID.
    const idMarker = keyMarker === '' ? '' : parameter(query, 'upload-id-marker');
    const { account } = store.bucket(bucket).info;
    const later = uploadsAfter(store.bucket(bucket).uploads.list(), keyMarker, idMarker).filter(({ key }) =>
      key.startsWith(prefix),
    );
    const page = later.slice(0, limit);
    const last = page.at(-1);
    return xmlResponse([
      'ListMultipartUploadsResult',
      [
        ['Bucket', bucket],
        ['KeyMarker', encode(keyMarker)],
        ['UploadIdMarker', idMarker],
        // The last page has it, too: localstack's test_list_multiparts_next_marker, recorded against AWS.
        ['NextKeyMarker', encode(last?.key ?? '')],
        ['NextUploadIdMarker', last?.uploadId ?? ''],
        ['Prefix', encode(prefix)],
        ['MaxUploads', limit],
        encodingType,
        ['IsTruncated', page.length < later.length],
        ...page.map((upload): XmlElement => ['Upload', uploadElements(upload, account, encode)]),
      ],
    ]);
  },
};

/**
 * The uploads behind a marker, in their order. With an upload ID the marker names one upload; without an ID it stands for
 * all uploads of its key.
 *
 * @param uploads All uploads of the bucket, by key and start.
 * @param keyMarker Key of the marker; '' for none, which gives all uploads.
 * @param idMarker Upload ID of the marker; '' for none, and without a key.
 * @throws AwsError `InvalidArgument` for an ID that is of another key or that was never given out.
 */
function uploadsAfter(uploads: readonly Upload[], keyMarker: string, idMarker: string): readonly Upload[] {
  if (keyMarker === '') return uploads;
  if (idMarker === '') return uploads.filter(({ key }) => compareUtf8(key, keyMarker) > 0);
  const position = uploads.findIndex(({ uploadId }) => uploadId === idMarker);
  const isOfAnotherKey = position >= 0 && uploads[position]?.key !== keyMarker;
  if (isOfAnotherKey || !UPLOAD_ID.test(idMarker))
    throw s3Errors.invalidArgument('upload-id-marker', idMarker, 'Invalid uploadId marker');
  if (position >= 0) return uploads.slice(position + 1);
  // The place of an upload that has ended since is not known: the other uploads of its key are listed again.
  return uploads.filter(({ key }) => compareUtf8(key, keyMarker) >= 0);
}

/** An upload as S3 lists it. @param encode Writes a name for the answer. */
function uploadElements(
  { key, uploadId, attributes, initiatedMs, checksum }: Upload,
  account: string,
  encode: (name: string) => string,
): (XmlElement | undefined)[] {
  return [
    ['Key', encode(key)],
    ['UploadId', uploadId],
    initiatorElement(account),
    ownerElement(account),
    ['StorageClass', attributes.storageClass ?? 'STANDARD'],
    ['Initiated', new Date(initiatedMs).toISOString()],
    ...checksumTypeElements(checksum),
  ];
}
