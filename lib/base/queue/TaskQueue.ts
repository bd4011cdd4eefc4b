/** A queue that messages are put on. */
export interface TaskQueue {
  /**
   * Sends messages; resolves when every one of them is on the queue.
   *
   * @param delaySeconds How long they stay hidden. Default 0.
   * @throws QueueError `SLUICE_QUEUE_NOT_SENT`: some may have been sent, which does no harm.
   */
  send(bodies: readonly string[], delaySeconds?: number): Promise<void>;
}
