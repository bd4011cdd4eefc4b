/** A deployed stack, as far as a form asks about it. */
export interface Deployment {
  /** `sluice-prod` */
  readonly stackName: string;
  readonly stage: string;
  readonly region: string;
  readonly account: string;
  /** The address of the local cloud; undefined on AWS. */
  readonly localEndpoint: string | undefined;
  /** Outputs by name. */
  readonly outputs: ReadonlyMap<string, string>;
}
