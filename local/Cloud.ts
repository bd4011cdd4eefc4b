/** What waits in one delivery stream's buffers. */
export interface PendingDelivery {
  readonly stream: string;
  /** Documents, one a row: what a record holds is taken apart as it comes in. */
  readonly documents: number;
  readonly bytes: number;
}

/** What a flush has done. */
export interface FlushReport {
  /** What had been waiting, by stream; all of it is in S3 now. */
  readonly delivered: readonly PendingDelivery[];
  /** Notifications of new objects that registrar or redrive could not work off yet: 0 unless something fails. */
  readonly unregistered: number;
}

/** What the local cloud is doing. */
export interface CloudStatus {
  readonly collector: string;
  readonly edge: string;
  readonly data: string;
  readonly bucket: string;
  readonly database: string;
  readonly pid: number;
  readonly pending: readonly PendingDelivery[];
  readonly queues: readonly { readonly name: string; readonly messages: number }[];
  /** Athena's. */
  readonly queries: { readonly queued: number; readonly running: number };
}

/** A running local cloud. */
export interface Cloud {
  /** Where SDKs post, e.g. `http://127.0.0.1:4700`. */
  readonly collector: string;
  /** The endpoint of every AWS service, e.g. `http://127.0.0.1:4566`. */
  readonly edge: string;
  /** The data directory, absolute. */
  readonly data: string;
  readonly bucket: string;
  readonly database: string;
  status(): CloudStatus;
  /**
   * Delivers every buffer now, and what redrive then puts on the streams; resolves when the partitions of what was
   * delivered are registered. What was acknowledged is then in a table, in quarantine's too, unless something fails.
   */
  flush(): Promise<FlushReport>;
  /** Takes no more requests, flushes, and lets go of the data directory. */
  close(): Promise<void>;
}
