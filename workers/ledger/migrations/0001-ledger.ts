// The first schema. `cdr_template` is the pattern of the daily tables: a later migration that adds a column
// changes it and the tables that are there.
//
// A row is identified by the end of its call, which is part of its frame, and by the place of the frame in
// the log: the same frame cannot be two rows of one table. The time comes first, so that rows are laid down
// in the order in which they are asked for. `log_id` is the same identity in words.
const charset = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin';
const money = 'DECIMAL(20,8)';
const time = 'DATETIME(3)';

/** Named so in schema_migration. */
export const ledger: { readonly name: string; readonly statements: readonly string[] } = {
  name: 'ledger',
  statements: [
    `CREATE TABLE IF NOT EXISTS cdr_checkpoint (
    log_set CHAR(36) NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    places MEDIUMTEXT NOT NULL,
    updated_at ${time} NOT NULL
  ) ${charset}`,
    `CREATE TABLE IF NOT EXISTS cdr_log_file (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    log_set CHAR(36) NOT NULL,
    file VARCHAR(64) NOT NULL,
    UNIQUE KEY log_file (log_set, file)
  ) ${charset}`,
    `CREATE TABLE IF NOT EXISTS cdr_day (
    day INT NOT NULL PRIMARY KEY,
    row_count BIGINT NOT NULL,
    first_ended_at ${time} NOT NULL,
    last_ended_at ${time} NOT NULL
  ) ${charset}`,
    `CREATE TABLE IF NOT EXISTS cdr_rejected (
    log_set CHAR(36) NOT NULL,
    file VARCHAR(64) NOT NULL,
    log_offset BIGINT NOT NULL,
    reason TEXT NOT NULL,
    raw LONGTEXT NOT NULL,
    rejected_at ${time} NOT NULL,
    PRIMARY KEY (log_set, file, log_offset)
  ) ${charset}`,
    `CREATE TABLE IF NOT EXISTS account_balance (
    account VARCHAR(128) NOT NULL PRIMARY KEY,
    balance ${money} NOT NULL,
    expires_at ${time} NULL,
    payments BIGINT NOT NULL DEFAULT 0,
    calls BIGINT NOT NULL DEFAULT 0,
    opened TINYINT NOT NULL DEFAULT 0
  ) ${charset}`,
    `CREATE TABLE IF NOT EXISTS account_day_charge (
    account VARCHAR(128) NOT NULL,
    day INT NOT NULL,
    listed ${money} NOT NULL,
    unlisted ${money} NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (account, day)
  ) ${charset}`,
    `CREATE TABLE IF NOT EXISTS payment (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    account VARCHAR(128) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    amount ${money} NOT NULL,
    balance_after ${money} NOT NULL,
    paid_at ${time} NOT NULL,
    paid_by VARCHAR(255) NOT NULL,
    reason VARCHAR(1024) NOT NULL,
    expires_at ${time} NULL,
    KEY account_number (account, number)
  ) ${charset}`,
    `CREATE TABLE IF NOT EXISTS cdr_template (
    id VARCHAR(160) NOT NULL,
    call_id VARCHAR(1024) NOT NULL,
    node VARCHAR(64) NOT NULL,
    started_at ${time} NOT NULL,
    ringing_at ${time} NULL,
    answered_at ${time} NULL,
    ended_at ${time} NOT NULL,
    hold_time_ms BIGINT NOT NULL,
    pdd_ms BIGINT NULL,
    mapping_gateway VARCHAR(128) NOT NULL,
    routing_gateway VARCHAR(128) NULL,
    callee_call_id VARCHAR(255) NULL,
    attempts MEDIUMTEXT NOT NULL,
    attempt_count SMALLINT UNSIGNED NOT NULL,
    caller_access VARCHAR(255) NOT NULL,
    callee_access VARCHAR(255) NOT NULL,
    caller_out VARCHAR(255) NULL,
    callee_out VARCHAR(255) NULL,
    callee_billing VARCHAR(255) NULL,
    account VARCHAR(128) NULL,
    rate_prefix VARCHAR(128) NULL,
    billed_seconds BIGINT NULL,
    fee ${money} NULL,
    clearing_account VARCHAR(128) NULL,
    clearing_billed_seconds BIGINT NULL,
    cost ${money} NULL,
    tax ${money} NULL,
    package_seconds BIGINT NOT NULL,
    agent_fees TEXT NOT NULL,
    billed_party VARCHAR(16) NULL,
    configuration_version BIGINT NOT NULL,
    end_reason VARCHAR(255) NOT NULL,
    ended_by VARCHAR(16) NOT NULL,
    sip_code SMALLINT NOT NULL,
    caller_address VARCHAR(64) NOT NULL,
    callee_address VARCHAR(64) NULL,
    log_id VARCHAR(128) NOT NULL,
    log_file INT UNSIGNED NOT NULL,
    log_offset BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (ended_at, log_file, log_offset),
    KEY account_time (account, ended_at),
    KEY clearing_account_time (clearing_account, ended_at),
    KEY mapping_gateway_time (mapping_gateway, ended_at),
    KEY routing_gateway_time (routing_gateway, ended_at),
    KEY callee_time (callee_access(24), ended_at),
    KEY call_id (call_id(64)),
    KEY callee_call_id (callee_call_id(64))
  ) ${charset}`,
  ],
};
