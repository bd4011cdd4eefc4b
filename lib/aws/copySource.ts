/**
 * `CopySource` of an object, which S3 takes in URL encoding and the client does not encode:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 *
 * @param versionId Default: the current version.
 */
export function copySource(bucket: string, key: string, versionId?: string): string {
  const path = `${bucket}/${key}`.split('/').map(encodeURIComponent).join('/');
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
