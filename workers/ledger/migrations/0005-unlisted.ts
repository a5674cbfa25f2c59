// The places in the log of records that were posted without a row, so that a replay does not post them again. They go
// with the file of the log.
export const unlisted: { readonly name: string; readonly statements: readonly string[] } = {
  name: 'unlisted',
  statements: [
    `CREATE TABLE IF NOT EXISTS cdr_unlisted (
      log_file INT UNSIGNED NOT NULL,
      log_offset BIGINT UNSIGNED NOT NULL,
      PRIMARY KEY (log_file, log_offset)
    ) ENGINE=InnoDB`,
  ],
};
