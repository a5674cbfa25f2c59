// What calls of a day or longer have used of the fraud limits and packages of an account: posted with the CDRs, so that a node that
// starts knows it without reading them.
export const usage: { readonly name: string; readonly statements: readonly string[] } = {
  name: 'usage',
  statements: [
    `CREATE TABLE IF NOT EXISTS account_usage (
      account VARCHAR(128) NOT NULL,
      item VARCHAR(160) NOT NULL,
      day INT NOT NULL,
      seconds BIGINT NOT NULL,
      money DECIMAL(20,8) NOT NULL,
      PRIMARY KEY (account, item, day),
      KEY day (day)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
  ],
};
