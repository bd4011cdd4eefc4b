/** What a day, or one of its files, failed with. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}
