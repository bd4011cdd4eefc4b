/** The partition key of every delivered table; its folder is the bare day, not `ds=…`. */
export const partitionKey = {
  name: 'ds',
  type: 'date',
  comment:
    "UTC day of the event's own time; the day received when that time lies outside the configured window",
} as const;
