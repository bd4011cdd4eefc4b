import type { ExpiredDocuments } from '../firehose/index.ts';
import type { ServiceRefusal } from '../iam/permissions.ts';

/** Documents that wait in one delivery stream's buffers. */
export interface PendingDelivery {
  /** Name of the stream. */
  readonly stream: string;
  /** Documents, one a row: records that hold several are split on arrival. */
  readonly documents: number;
  /** Bytes of the documents. */
  readonly bytes: number;
}

/** Documents that wait in one delivery stream's buffers, and since when. */
interface PendingBuffers extends PendingDelivery {
  /** Time at which the oldest record was accepted, ISO 8601. */
  readonly oldestArrival: string;
}

/** Result of a flush. */
export interface FlushReport {
  /** Documents that had been waiting, by stream; all of them are in S3 now. */
  readonly delivered: readonly PendingDelivery[];
  /** Messages that the functions of queues could not process: 0 unless something fails. Messages whose delay has not ended are none of them. */
  readonly undrained: number;
}

/** Status of a running local cloud. */
export interface LocalAwsStatus {
  /** URL of the edge, which answers for every service. */
  readonly endpoint: string;
  /** URL of the HTTP API; undefined if the template has none. */
  readonly api: string | undefined;
  /** URLs by the names of their functions. Functions without a URL are left out. */
  readonly functionUrls: Readonly<Record<string, string>>;
  /** The folder in which the cloud keeps everything, absolute. */
  readonly directory: string;
  /** ID of the process that runs the cloud. */
  readonly pid: number;
  /** When it was started, by its clock, ISO 8601. */
  readonly startedAt: string;
  /** What waits in the buffers of each stream. */
  readonly pending: readonly PendingBuffers[];
  /** Documents that streams dropped, because S3 did not accept them for 24 hours. */
  readonly expired: readonly ExpiredDocuments[];
  /** The queues, each with how many messages it has. */
  readonly queues: readonly { readonly name: string; readonly messages: number }[];
  /** Executions of Athena that wait and that run. */
  readonly queries: { readonly queued: number; readonly running: number };
  /** Calls of services that the policies do not allow; undefined where policies are not enforced. */
  readonly refusals: readonly ServiceRefusal[] | undefined;
}
