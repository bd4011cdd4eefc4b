/** A call to Glue or S3 that failed as a whole, whatever it was for. Adapters in `lib/aws` make it. */
export class CatalogCallError extends Error {
  /** AWS's or the system's name for it, e.g. `ThrottlingException`, `ECONNRESET`. */
  readonly code: string;
  /** Whether the same call may succeed a little later. */
  readonly transient: boolean;

  constructor(code: string, transient: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CatalogCallError';
    this.code = code;
    this.transient = transient;
  }
}
