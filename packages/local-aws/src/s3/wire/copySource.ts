import { notImplemented } from '../../protocol/AwsError.ts';
import { s3Errors } from '../errors.ts';

/** The header that says what to copy. */
export const COPY_SOURCE = 'x-amz-copy-source';

/** An object to copy from. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
}

/**
 * What `x-amz-copy-source` names: decoded as a whole, for the slash may be encoded, too; undefined when it can't be
 * read. For whoever only records calls.
 */
export function splitCopySource(header: string): CopySource | undefined {
  try {
    const path = decodeURIComponent(header).replace(/^\//, '');
    const slash = path.indexOf('/');
    return slash < 1 || slash === path.length - 1
      ? undefined
      : { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
  } catch {
    return undefined;
  }
}

/**
 * Reads `x-amz-copy-source`. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 *
 * @throws AwsError `InvalidArgument`; `NotImplemented` for a version or an access point.
 */
export function readCopySource(header: string): CopySource {
  const question = header.indexOf('?');
  if (question >= 0) throw notImplemented(`S3 CopyObject with ${header.slice(question + 1).split('=')[0]}`);
  let path: string;
  try {
    path = decodeURIComponent(header);
  } catch {
    throw s3Errors.invalidArgument(COPY_SOURCE, header, 'Copy Source must be URL-encoded');
  }
  if (/^\/?arn:/.test(path)) throw notImplemented('S3 CopyObject from an access point');
  const source = splitCopySource(header);
  if (source !== undefined) return source;
  throw s3Errors.invalidArgument(
    COPY_SOURCE,
    header,
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
  );
}
