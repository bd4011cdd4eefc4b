/** An overflow object as it was read. */
export interface StoredOverflow {
  readonly body: Uint8Array;
  /** Names what was read: a rewrite is refused when the object is another by then. */
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where overflow, errors and parked objects are. Every method throws what the store throws. */
export interface RedriveStore {
  /** Null when there is no such object any more. */
  read(key: string): Promise<StoredOverflow | null>;
  /** The lines of an object, read as they are asked for; null as above. */
  lines(key: string): Promise<AsyncIterable<string> | null>;
  /** Puts a new body in the place of what was read; false when that is there no more. */
  rewrite(key: string, overflow: StoredOverflow): Promise<boolean>;
  /** Removes an object; that it is gone already is no error. */
  remove(key: string): Promise<void>;
  /** Copies an object within the store; false when it is not there. */
  copy(from: string, to: string): Promise<boolean>;
  /** Objects under a prefix, with the time of their last write in epoch milliseconds. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly modifiedAt: number }>;
  /**
   * Claims an object until an instant (epoch milliseconds) or until it is released; null when somebody else has
   * claimed it. The queue may deliver one event twice, and the run for stragglers sees what the queue works on.
   */
  claim(key: string, until: number): Promise<{ release(): Promise<void> } | null>;
}
