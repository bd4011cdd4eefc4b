import type { Clock } from '../../base/clock.ts';
import type { Caller } from '../../iam/Caller.ts';
import type { AwsRequest, AwsResponse } from '../../protocol/AwsService.ts';
import type { ObjectStore } from '../model/ObjectStore.ts';

/** A request with everything an operation needs. */
export interface S3Call {
  readonly request: AwsRequest;
  /** Lower-case; of a presigned URL with the `x-amz-` headers that it carries in its query. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** '' when the request names none. */
  readonly bucket: string;
  readonly key: string;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly caller: Caller;
  /** Who may use which key; undefined: every caller may. */
  readonly keyAccess?: KeyAccess | undefined;
  /** Whether there is a role or user, by its ARN; undefined: all are taken to exist. */
  readonly hasIdentity?: ((arn: string) => boolean) | undefined;
}

/** Who may use which KMS key for an object. */
export interface KeyAccess {
  /**
   * @param key ID or ARN; undefined for the key that S3 itself has in the bucket's account.
   * @param owner Account of the bucket.
   * @throws AwsError as S3 passes it on: `AccessDenied`, `KMS.DisabledException`, `KMS.NotFoundException`.
   */
  requireUse(request: {
    readonly caller: Caller;
    readonly key: string | undefined;
    readonly owner: string;
    readonly region: string;
    readonly action: 'kms:Decrypt' | 'kms:GenerateDataKey';
  }): void;
}

/** One operation: how it is recognised, which headers it understands, and what it does. */
export interface S3Operation {
  /** AWS's name. */
  readonly name: string;
  readonly on: 'service' | 'bucket' | 'object';
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Query parameters that make a request this operation and no other of the same method. */
  readonly selectedBy?: readonly string[];
  /** The header that does, for CopyObject. */
  readonly selectedByHeader?: string;
  /** Further query parameters that it understands. */
  readonly query?: readonly string[];
  /** `x-amz-` headers that it understands besides those of every request; a `*` at the end stands for any rest. */
  readonly headers?: readonly string[];
  readonly run: (call: S3Call) => Promise<AwsResponse> | AwsResponse;
}
