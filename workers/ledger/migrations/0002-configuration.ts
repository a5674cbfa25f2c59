// The master copy of the configuration: whole documents, each the successor of the one before. A million
// prefixes are some megabytes: gzip, as base64 text, so that any client can look into them.
export const configuration: { readonly name: string; readonly statements: readonly string[] } = {
  name: 'configuration',
  statements: [
    `CREATE TABLE IF NOT EXISTS configuration_version (
      number BIGINT NOT NULL PRIMARY KEY,
      node VARCHAR(64) NOT NULL,
      stored_at DATETIME(3) NOT NULL,
      document_gzip LONGTEXT NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
  ],
};
