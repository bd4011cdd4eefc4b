import type { DecodedBody } from '../wire/decodeBody.ts';
import type { AuthenticatedKey } from '../wire/keys/KeyGate.ts';
import type { HttpRequest } from '../wire/sdkRequest.ts';

/** A request that is authenticated, as relay gets it. */
export interface RelayedRequest {
  readonly http: HttpRequest;
  /** The body's bytes as they were sent. */
  readonly body: Uint8Array;
  /** The body as a batch of events; null for a body that is none, which quarantine keeps whole. */
  readonly decoded: DecodedBody | null;
  readonly key: AuthenticatedKey;
}

/**
 * What became of a request's copy: it is kept in the queue or in the bucket; or nothing of it is to be relayed; or it should
 * be changed and cannot be read, so it is withheld; or neither queue nor bucket took it.
 */
export type RelayOutcome =
  | { readonly outcome: 'queue' | 'bucket' | 'filtered' | 'withheld' }
  | {
      readonly outcome: 'not_kept';
      /** The name of the last error. */
      readonly error: string;
    };

/** Keeps copies of requests that are to be relayed (lib/relay). */
export interface RelayKeeper {
  /** Whether a request whose copy is not kept is answered 503. */
  readonly required: boolean;
  /**
   * Keeps the copy of a request. It never throws.
   *
   * @param deadline Epoch milliseconds by which it resolves.
   */
  keep(request: RelayedRequest, deadline: number): Promise<RelayOutcome>;
}
