/** The tier that analysts mean; an event without one has it, so the column is never null. */
export const productionOnly = `"environment" = 'production'`;
