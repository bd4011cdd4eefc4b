/** A column of the table, and the SQL of its value over the reads of a row. */
export type MappedColumn = readonly [name: string, sql: string];
