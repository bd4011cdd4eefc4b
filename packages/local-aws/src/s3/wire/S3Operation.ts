import type { Caller } from '../../iam/Caller.ts';
import type { AwsRequest, AwsResponse } from '../../protocol/AwsService.ts';
import type { ObjectStore } from '../model/ObjectStore.ts';

/** A request with everything that an operation needs. */
export interface S3Call {
  /** The request as the edge hands it over. */
  readonly request: AwsRequest;
  /** Lower-case. For a presigned URL, includes the `x-amz-` headers in its query. */
  readonly headers: Readonly<Record<string, string>>;
  /** The query, decoded; a parameter without `=` has the value ''. */
  readonly query: URLSearchParams;
  /** '' when the request names none. */
  readonly bucket: string;
  /** The key, decoded; '' when the request names none. */
  readonly key: string;
  /** Holds the buckets. */
  readonly store: ObjectStore;
  /** Who has signed the request. */
  readonly caller: Caller;
  /** Decides who may use which key; undefined means that every caller may. */
  readonly keyAccess?: KeyAccess | undefined;
  /** Whether a role or user with this ARN exists; undefined means that all are assumed to exist. */
  readonly hasIdentity?: ((arn: string) => boolean) | undefined;
}

/** The use of a KMS key for an object. */
export interface KeyUse {
  /** Who wants to use the key. */
  readonly caller: Caller;
  /**
   * ID, ARN or alias; undefined for S3's own key in the bucket's account. An ID or alias is taken for one in the bucket's account;
   * S3 looks for it in the account that makes the request: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
   */
  readonly key: string | undefined;
  /** Account of the bucket. */
  readonly owner: string;
  /** Region of the bucket. */
  readonly region: string;
  /** `kms:GenerateDataKey` to write, `kms:Decrypt` to read. */
  readonly action: 'kms:Decrypt' | 'kms:GenerateDataKey';
}

/** Decides who may use which KMS key for an object. */
export interface KeyAccess {
  /**
   * Requires that a caller may use a key.
   *
   * @returns ARN of the key; undefined for one that is not here.
   * @throws AwsError as S3 reports it: `AccessDenied`, `KMS.DisabledException`, `KMS.NotFoundException`.
   */
  requireUse(use: KeyUse): string | undefined;
}

/** One operation: how it is recognised, which headers it understands, and what it does. */
export interface S3Operation {
  /** AWS's name. */
  readonly name: string;
  /** What the path names: nothing, a bucket, or an object. */
  readonly on: 'service' | 'bucket' | 'object';
  /** The method of the request. */
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Query parameters that select this operation among operations of the same method. */
  readonly selectedBy?: readonly string[];
  /** The header that selects it, for CopyObject. */
  readonly selectedByHeader?: string;
  /** Other query parameters that it accepts. */
  readonly query?: readonly string[];
  /** `x-amz-` headers that it accepts besides the headers of every request. A `*` at the end matches any suffix. */
  readonly headers?: readonly string[];
  /** Does the operation. It throws an AwsError to refuse the call. */
  readonly run: (call: S3Call) => Promise<AwsResponse> | AwsResponse;
}
