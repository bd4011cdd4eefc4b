/** A query has scanned more than its workgroup lets one scan: Athena cancels it. */
export class ScanLimitError extends Error {
  constructor() {
    super('Bytes scanned limit was exceeded');
    this.name = 'ScanLimitError';
  }
}
