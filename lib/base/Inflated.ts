/**
 * What a synchronous function of zlib returns with the option `info`. `@types/node` does not have it:
 * https://nodejs.org/docs/latest-v24.x/api/zlib.html#class-options
 */
export interface Inflated {
  /** What was inflated. */
  readonly buffer: Buffer;
  /** The stream that has inflated it. */
  readonly engine: {
    /** Compressed bytes that zlib has read. Bytes behind the end of the stream are not among them. */
    readonly bytesWritten: number;
  };
}
