/** What docs/tables.md says of a column besides its comment. Kept from the columns: functions that write rows need none of it. */
export interface ColumnNote {
  /** A value as a query shows it. */
  readonly example: string;
  /** Who fills it: SDKs, or the part of Sluice that makes it. */
  readonly filledBy: string;
  /** When it is null; `never` if it isn't. */
  readonly nullWhen: string;
}
