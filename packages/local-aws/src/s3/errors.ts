import { AwsError } from '../protocol/AwsError.ts';
import { CHUNK_MIN_BYTES, KEY_BYTES } from './limits.ts';

/**
 * S3's own errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * The members are those that S3's error document contains besides code and message.
 */
export const s3Errors = {
  accessDenied: (message = 'Access Denied') => new AwsError('AccessDenied', 403, message),
  badDigest: (header: string) =>
    new AwsError('BadDigest', 400, `The ${header} you specified did not match what we received.`),
  accountIdMalformed: (account: string) =>
    new AwsError(
      'InvalidBucketOwnerAWSAccountID',
      400,
      `The value of the expected bucket owner parameter must be an AWS Account ID... [${account}]`,
    ),
  authorizationRegion: (came: string, region: string) =>
    new AwsError(
      'AuthorizationHeaderMalformed',
      400,
      `The authorization header is malformed; the region '${came}' is wrong; expecting '${region}'`,
      { Region: region },
    ),
  bucketAlreadyExists: (bucket: string) =>
    new AwsError(
      'BucketAlreadyExists',
      409,
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
      { BucketName: bucket },
    ),
  bucketAlreadyOwnedByYou: (bucket: string) =>
    new AwsError(
      'BucketAlreadyOwnedByYou',
      409,
      'Your previous request to create the named bucket succeeded and you already own it.',
      { BucketName: bucket },
    ),
  bucketNotEmpty: (bucket: string, hasVersions: boolean) =>
    new AwsError(
      'BucketNotEmpty',
      409,
      `The bucket you tried to delete is not empty${hasVersions ? '. You must delete all versions in the bucket.' : ''}`,
      { BucketName: bucket },
    ),
  entityTooLarge: (bytes: number) =>
    new AwsError('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed object size.', {
      MaxSizeAllowed: String(bytes),
    }),
  entityTooSmall: (partNumber: number, size: number, least: number) =>
    new AwsError(
      'EntityTooSmall',
      400,
      'Your proposed upload is smaller than the minimum allowed object size.',
      {
        PartNumber: String(partNumber),
        ProposedSize: String(size),
        MinSizeAllowed: String(least),
      },
    ),
  illegalVersioning: () =>
    new AwsError('IllegalVersioningConfigurationException', 400, 'The Versioning element must be specified'),
  incompleteBody: (message: string) => new AwsError('IncompleteBody', 400, message),
  invalidArgument: (name: string, value: string, message: string) =>
    new AwsError('InvalidArgument', 400, message, { ArgumentName: name, ArgumentValue: value }),
  invalidBucketName: (bucket: string) =>
    new AwsError('InvalidBucketName', 400, 'The specified bucket is not valid.', { BucketName: bucket }),
  invalidChunkSize: () =>
    new AwsError(
      'InvalidChunkSizeError',
      403,
      `Only the last chunk is allowed to have a size less than ${CHUNK_MIN_BYTES} bytes`,
    ),
  invalidDigest: (value: string) =>
    new AwsError('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.', {
      'Content-MD5': value,
    }),
  invalidPart: (partNumber: number) =>
    new AwsError(
      'InvalidPart',
      400,
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      { PartNumber: String(partNumber) },
    ),
  invalidPartOrder: () =>
    new AwsError(
      'InvalidPartOrder',
      400,
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    ),
  invalidRange: (range: string, size: number) =>
    new AwsError('InvalidRange', 416, 'The requested range is not satisfiable', {
      RangeRequested: range,
      ActualObjectSize: String(size),
    }),
  invalidRequest: (message: string) => new AwsError('InvalidRequest', 400, message),
  invalidUri: () => new AwsError('InvalidURI', 400, "Couldn't parse the specified URI."),
  keyTooLong: (bytes: number) =>
    new AwsError('KeyTooLongError', 400, 'Your key is too long', {
      Size: String(bytes),
      MaxSizeAllowed: String(KEY_BYTES),
    }),
  malformedPolicy: (message = "Policies must be valid JSON and the first byte must be '{'") =>
    new AwsError('MalformedPolicy', 400, message),
  malformedXml: (problem: string) =>
    new AwsError(
      'MalformedXML',
      400,
      `The XML you provided was not well-formed or did not validate against our published schema: ${problem}`,
    ),
  metadataTooLarge: (bytes: number, limit: number) =>
    new AwsError('MetadataTooLarge', 400, 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(bytes),
      MaxSizeAllowed: String(limit),
    }),
  missingContentLength: () =>
    new AwsError('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.'),
  noSuchBucket: (bucket: string) =>
    new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist', { BucketName: bucket }),
  noSuchBucketPolicy: (bucket: string) =>
    new AwsError('NoSuchBucketPolicy', 404, 'The bucket policy does not exist', { BucketName: bucket }),
  /** @param marker What hides the key, if it has versions. */
  noSuchKey: (key: string, marker?: { readonly versionId: string }) =>
    new AwsError(
      'NoSuchKey',
      404,
      'The specified key does not exist.',
      { Key: key },
      marker === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId },
    ),
  noSuchVersion: (key: string, versionId: string) =>
    new AwsError('NoSuchVersion', 404, 'The specified version does not exist.', {
      Key: key,
      VersionId: versionId,
    }),
  invalidVersionId: (versionId: string) =>
    s3Errors.invalidArgument(
      'versionId',
      versionId,
      versionId === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified',
    ),
  /** A delete marker has no content: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html */
  markerNotAllowed: (marker: { readonly versionId: string; readonly modifiedMs: number }) =>
    new AwsError(
      'MethodNotAllowed',
      405,
      'The specified method is not allowed against this resource.',
      { Method: 'GET', ResourceType: 'DeleteMarker' },
      {
        allow: 'DELETE',
        'last-modified': new Date(marker.modifiedMs).toUTCString(),
        'x-amz-delete-marker': 'true',
        'x-amz-version-id': marker.versionId,
      },
    ),
  noSuchLifecycleConfiguration: (bucket: string) =>
    new AwsError('NoSuchLifecycleConfiguration', 404, 'The lifecycle configuration does not exist', {
      BucketName: bucket,
    }),
  noSuchPublicAccessBlock: (bucket: string) =>
    new AwsError(
      'NoSuchPublicAccessBlockConfiguration',
      404,
      'The public access block configuration was not found',
      { BucketName: bucket },
    ),
  noSuchUpload: (uploadId: string) =>
    new AwsError(
      'NoSuchUpload',
      404,
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      { UploadId: uploadId },
    ),
  preconditionFailed: (condition: string) =>
    new AwsError('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', {
      Condition: condition,
    }),
  signatureDoesNotMatch: (message: string) => new AwsError('SignatureDoesNotMatch', 403, message),
  conditionalConflict: (key: string, condition: 'If-Match' | 'If-None-Match') =>
    new AwsError(
      'ConditionalRequestConflict',
      409,
      'The conditional request cannot succeed due to a conflicting operation against this resource.',
      { Condition: condition, Key: key },
    ),
  illegalLocation: (constraint: string) =>
    new AwsError(
      'IllegalLocationConstraintException',
      400,
      `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    ),
  invalidLocation: (constraint: string) =>
    new AwsError('InvalidLocationConstraint', 400, 'The specified location-constraint is not valid', {
      LocationConstraint: constraint,
    }),
  invalidObjectState: (storageClass: string) =>
    new AwsError('InvalidObjectState', 403, "The operation is not valid for the object's storage class", {
      StorageClass: storageClass,
    }),
  /** A call about a bucket's policy by another account than the bucket's. */
  policyOfAnotherAccount: (method: string) =>
    new AwsError('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.', {
      Method: method,
      ResourceType: 'BUCKETPOLICY',
    }),
  permanentRedirect: (bucket: string, region: string) =>
    new AwsError(
      'PermanentRedirect',
      301,
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      { Endpoint: `${bucket}.s3.${region}.amazonaws.com`, Bucket: bucket, Region: region },
    ),
  contentSha256Mismatch: (claimed: string, computed: string) =>
    new AwsError(
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: computed },
    ),
} as const;
