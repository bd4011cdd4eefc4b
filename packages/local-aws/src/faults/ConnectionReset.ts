/** The connection is to be cut without an answer: the client sees ECONNRESET. */
export class ConnectionReset extends Error {
  constructor() {
    super('The connection is reset.');
    this.name = 'ConnectionReset';
  }
}
