/** JSON is nested deeper than it may be. A class of its own, so that a stack overflow of ours passes for no such. */
export class DepthError extends Error {
  /** @param levels How many it may have. */
  constructor(levels: number) {
    super(`JSON nested deeper than ${levels} levels`);
    this.name = 'DepthError';
  }
}
