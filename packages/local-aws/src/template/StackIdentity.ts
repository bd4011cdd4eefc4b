/** Where a stack would be deployed: what pseudo parameters and ARNs are made of. */
export interface StackIdentity {
  readonly region: string;
  readonly account: string;
  readonly partition: string;
  readonly stackName: string;
  /** The edge endpoint, e.g. `http://127.0.0.1:4566`: a queue's `Ref` is its URL there. */
  readonly endpoint: string;
}
