/** A call that a service was asked, as the edge tells whoever records them. */
export interface EdgeCall {
  readonly accessKeyId: string;
  /** Name in the signature's scope. */
  readonly service: string;
  /** AWS's name of the operation. */
  readonly operation: string;
  /** What it is about, as the service announced it: a stream, a table, `bucket/key`. */
  readonly resource: string | undefined;
  /** What it was asked: a JSON service's input, unvalidated; query and headers of S3's. */
  readonly input: unknown;
  /** What else it is about, which only its body tells: `bucket/key` for each object of DeleteObjects. */
  readonly reached: readonly string[];
  /** Status of the answer; undefined when a fault took the connection. */
  readonly status: number | undefined;
}
