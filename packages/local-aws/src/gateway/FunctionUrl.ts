import type { Cors } from './HttpApi.ts';

/** A Function URL of the template. */
export interface FunctionUrl {
  /** The first part of its address on AWS. */
  readonly urlId: string;
  /** Its host on AWS: `<urlId>.lambda-url.<region>.on.aws`. */
  readonly domainName: string;
  /** Name of the function that it invokes. */
  readonly functionName: string;
  /** CORS settings. With them, the URL itself answers preflights and sets CORS headers. */
  readonly cors: Cors | undefined;
  /**
   * Whether the function's policy lets everybody invoke it through the URL. Since October 2025 that takes two permissions:
   * https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
   */
  readonly isPublic: boolean;
}
