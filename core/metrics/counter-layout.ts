// Every counter the node keeps: its slot, its name on /metrics and what it counts. One writer a block
// (a worker, or the main thread); readers sum the blocks. Adding a counter is one row.

const rows = [
  // ingress (main thread)
  ['datagramsIn', 'tandem_datagrams_received_total', 'SIP datagrams received'],
  ['streamMessagesIn', 'tandem_stream_messages_received_total', 'SIP messages framed from streams'],
  [
    'keepAlivesIn',
    'tandem_keepalives_received_total',
    'keep-alive datagrams (CRLF, short) ignored',
  ],
  [
    'dropNoCallId',
    'tandem_dropped_no_call_id_total',
    'messages without a readable Call-ID dropped',
  ],
  [
    'dropRingFull',
    'tandem_dropped_ring_full_total',
    'in-dialog messages and responses lost to a full ring',
  ],
  [
    'refusedRingFull',
    'tandem_refused_ring_full_total',
    'new INVITEs answered 503 statelessly, a call worker too far behind',
  ],
  [
    'dropRepeatRingFull',
    'tandem_dropped_repeat_ring_full_total',
    'repeats of INVITEs already taken dropped, ring full',
  ],
  [
    'emergencyRingFull',
    'tandem_emergency_past_full_ring_total',
    'emergency INVITEs let in although the ring was full for others',
  ],
  ['dropOversize', 'tandem_dropped_oversize_total', 'messages over 64 KiB dropped'],
  [
    'kernelDrops',
    'tandem_kernel_receive_drops_total',
    'datagrams the kernel dropped at our sockets',
  ],
  ['strayDatagrams', 'tandem_stray_datagrams_total', 'datagrams handed back by a worker socket'],
  ['streamsOpened', 'tandem_streams_opened_total', 'stream connections accepted or opened'],
  ['streamsRefused', 'tandem_streams_refused_total', 'stream connections refused by a cap'],
  ['streamsClosed', 'tandem_streams_closed_total', 'stream connections closed'],
  ['workerRestarts', 'tandem_worker_restarts_total', 'call workers restarted'],
  ['workerStalls', 'tandem_worker_stalls_total', 'call workers found standing still for 10 s'],
  ['clockSteps', 'tandem_clock_steps_total', 'steps of the wall clock noticed'],
  [
    'gatewaysWentOffline',
    'tandem_gateways_went_offline_total',
    'routing gateways that stopped answering OPTIONS',
  ],
  [
    'gatewaysCameBack',
    'tandem_gateways_came_back_total',
    'routing gateways that answer OPTIONS again',
  ],
  // call workers: messages
  ['requestsIn', 'tandem_sip_requests_received_total', 'SIP requests parsed'],
  ['responsesIn', 'tandem_sip_responses_received_total', 'SIP responses parsed'],
  ['messagesOut', 'tandem_sip_messages_sent_total', 'SIP messages sent'],
  ['parseFaults', 'tandem_sip_parse_faults_total', 'messages refused or dropped by the parser'],
  ['retransmissionsIn', 'tandem_sip_retransmissions_received_total', 'retransmissions absorbed'],
  ['retransmissionsOut', 'tandem_sip_retransmissions_sent_total', 'messages sent again by a timer'],
  ['strayResponses', 'tandem_sip_stray_responses_total', 'responses that match no transaction'],
  ['strayAcks', 'tandem_sip_stray_acks_total', 'ACKs that match nothing'],
  [
    'mergedRequests',
    'tandem_sip_merged_requests_total',
    'requests answered 482: they came twice, on two paths',
  ],
  [
    'refusedTransactions',
    'tandem_refused_transactions_total',
    'requests answered 503: the transaction table is full',
  ],
  [
    'forgedInDialog',
    'tandem_sip_in_dialog_refused_total',
    'in-dialog requests from a foreign source, or with a wrong tag or CSeq',
  ],
  ['sendErrors', 'tandem_send_errors_total', 'datagrams the kernel refused to send'],
  [
    'sendTooLarge',
    'tandem_dropped_send_too_large_total',
    'messages not sent: over 65,507 bytes on UDP, over 64 KiB on a stream',
  ],
  ['sendQueueFull', 'tandem_dropped_send_queue_total', 'stream messages lost to a full queue'],
  [
    'bugs',
    'tandem_internal_errors_total',
    'exceptions caught in a handler; that one call was ended',
  ],
  // call workers: calls
  ['invites', 'tandem_invites_total', 'new calls attempted by peers'],
  ['callsAdmitted', 'tandem_calls_admitted_total', 'calls that passed every check of setup'],
  ['callsAnswered', 'tandem_calls_answered_total', 'calls answered'],
  ['callsFailed', 'tandem_calls_failed_total', 'calls that ended without an answer'],
  ['callsEnded', 'tandem_calls_ended_total', 'answered calls that ended'],
  ['attempts', 'tandem_attempts_total', 'INVITEs sent to routing gateways'],
  ['attemptsFailed', 'tandem_attempts_failed_total', 'attempts that failed'],
  [
    'reinvitesRepeated',
    'tandem_reinvites_repeated_total',
    're-INVITEs sent once more after a 491 of the other leg',
  ],
  [
    'refusedOverload',
    'tandem_refused_overload_total',
    'INVITEs refused: waited over 500 ms, or draining',
  ],
  ['refusedMaxCps', 'tandem_refused_max_cps_total', 'INVITEs refused by SS_MAXCPS'],
  [
    'refusedGatewayCps',
    'tandem_refused_gateway_cps_total',
    'INVITEs refused by a mapping gateway cpsLimit',
  ],
  ['refusedLines', 'tandem_refused_lines_total', 'INVITEs refused by a mapping gateway lineLimit'],
  [
    'refusedGroupLines',
    'tandem_refused_group_lines_total',
    'INVITEs refused by the lines of a gateway group',
  ],
  [
    'refusedUnknownSource',
    'tandem_refused_unknown_source_total',
    'requests from addresses of no gateway',
  ],
  ['refusedNoRoute', 'tandem_refused_no_route_total', 'INVITEs without a usable routing gateway'],
  ['refusedLocked', 'tandem_refused_locked_total', 'INVITEs refused: mapping gateway locked'],
  [
    'refusedAccount',
    'tandem_refused_account_total',
    'INVITEs refused: account missing, locked, or not valid now',
  ],
  [
    'refusedRate',
    'tandem_refused_rate_total',
    'INVITEs refused: no rate, a locked rate, or above the call level',
  ],
  [
    'refusedAccountLines',
    'tandem_refused_account_lines_total',
    'INVITEs refused by the lineLimit of an account',
  ],
  [
    'refusedBalance',
    'tandem_refused_balance_total',
    'INVITEs refused: an account cannot pay the first step',
  ],
  [
    'refusedFraudCalls',
    'tandem_refused_fraud_calls_total',
    'INVITEs refused by callsAtOnce of a fraud limit',
  ],
  [
    'refusedFraudRate',
    'tandem_refused_fraud_rate_total',
    'INVITEs refused by callsPerMinute of a fraud limit',
  ],
  [
    'refusedFraudDay',
    'tandem_refused_fraud_day_total',
    'INVITEs refused by minutesPerDay or moneyPerDay of a fraud limit',
  ],
  ['callsCutFraud', 'tandem_calls_cut_fraud_total', 'calls ended by a fraud limit'],
  [
    'fraudWarnings',
    'tandem_fraud_warnings_total',
    'warning thresholds of fraud limits reached: once a threshold and day of the account',
  ],
  [
    'fraudBlocks',
    'tandem_fraud_blocks_total',
    'blocking thresholds of fraud limits reached: once a threshold and day of the account',
  ],
  [
    'refusedNumberLimits',
    'tandem_refused_number_limits_total',
    'INVITEs refused by length, prefix, group, city or time of a number',
  ],
  [
    'refusedBlackList',
    'tandem_refused_black_list_total',
    'INVITEs refused: a number is on a black list',
  ],
  ['numbersListed', 'tandem_numbers_listed_total', 'numbers put on a dynamic black list'],
  [
    'numbersUnlisted',
    'tandem_numbers_unlisted_total',
    'numbers that an operator took off a dynamic black list',
  ],
  [
    'watchTableFull',
    'tandem_number_watch_full_total',
    'calls whose numbers were not watched: no room beside listed ones and those with calls up',
  ],
  ['emergencyCalls', 'tandem_emergency_calls_total', 'calls to emergency numbers'],
  ['callsCutBalance', 'tandem_calls_cut_balance_total', 'calls ended because money ran out'],
  [
    'refusedNumber',
    'tandem_refused_number_total',
    'INVITEs refused: no called number, or a number of over 255 octets',
  ],
  [
    'refusedLoop',
    'tandem_refused_loop_total',
    'INVITEs refused: the call came back to us too often',
  ],
  [
    'refusedScreen',
    'tandem_refused_screen_total',
    'requests refused before routing: 400, 405, 406, 415, 416, 420, 481, 483, 488, 501',
  ],
  ['refusedDisk', 'tandem_refused_disk_total', 'INVITEs refused because CDRs cannot be written'],
  [
    'skippedLines',
    'tandem_gateways_skipped_lines_total',
    'routing gateways skipped at their lineLimit',
  ],
  ['skippedCps', 'tandem_gateways_skipped_cps_total', 'routing gateways skipped at their cpsLimit'],
  [
    'skippedListener',
    'tandem_gateways_skipped_listener_total',
    'routing gateways skipped: no socket of ours reaches them',
  ],
  [
    'skippedAway',
    'tandem_gateways_skipped_away_total',
    'routing gateways skipped: offline, or paused by their Retry-After',
  ],
  ['optionsChecks', 'tandem_options_checks_total', 'OPTIONS sent to routing gateways'],
  ['protectTurns', 'tandem_protect_turns_total', 'calls whose protect routes had their turn'],
  [
    'gatewayPauses',
    'tandem_gateway_pauses_total',
    'failures with a Retry-After that took a routing gateway out for a time',
  ],
  [
    'skippedVendorRate',
    'tandem_gateways_skipped_vendor_rate_total',
    'routing gateways skipped: clearing account closed, or its rate locked',
  ],
  [
    'skippedVendorBalance',
    'tandem_gateways_skipped_vendor_balance_total',
    'routing gateways skipped: the clearing account cannot pay the first step',
  ],
  [
    'skippedNumber',
    'tandem_gateways_skipped_number_total',
    'routing gateways skipped: their rules do not take the numbers, or leave no number called',
  ],
  [
    'poolsExhausted',
    'tandem_caller_pools_exhausted_total',
    'attempts that kept their own number because their caller pool had none free',
  ],
  // call workers: memory
  [
    'idleCollections',
    'tandem_idle_collections_total',
    'garbage collections that idle call workers asked for',
  ],
  // CDR log
  ['cdrFrames', 'tandem_cdr_frames_written_total', 'frames appended to the CDR log'],
  ['cdrBytes', 'tandem_cdr_bytes_written_total', 'bytes appended to the CDR log'],
  ['cdrWriteErrors', 'tandem_cdr_write_errors_total', 'failed writes of the CDR log'],
  ['cdrSyncs', 'tandem_cdr_syncs_total', 'fdatasync calls of the CDR log'],
  [
    'cdrFramesLost',
    'tandem_cdr_frames_lost_total',
    'frames given up because the disk did not write for too long',
  ],
] as const;

export type CounterName = (typeof rows)[number][0];

/** Slot of each counter in a counter block. */
export const Counter: { readonly [name in CounterName]: number } = Object.fromEntries(
  rows.map(([name], slot) => [name, slot]),
) as { [name in CounterName]: number };

/** Index: slot; value: metric name and help text. */
export const counterRows: readonly { name: CounterName; metric: string; help: string }[] = rows.map(
  ([name, metric, help]) => ({ name, metric, help }),
);

export const countersMax = 128;

/** Gauges a worker publishes beside its counters, slots counted from `countersMax`. */
const gaugeRows = [
  ['callsUp', 'tandem_calls_up', 'calls set up or being set up'],
  ['callsAnsweredUp', 'tandem_calls_answered_up', 'answered calls up'],
  ['transactions', 'tandem_transactions', 'SIP transactions alive'],
  ['timers', 'tandem_timers_armed', 'timers armed'],
  ['loopStallMs', 'tandem_loop_stall_ms', 'longest event-loop stall in the last minute, ms'],
  ['busyPermille', 'tandem_worker_busy_permille', 'share of the last second spent working, 1/1000'],
  ['ringBytesUsed', 'tandem_ring_bytes_used', 'bytes waiting in the ingress ring'],
  ['heapUsedKilobytes', 'tandem_heap_used_kilobytes', 'V8 heap used, KiB'],
  ['cdrAccepting', 'tandem_cdr_log_accepting', '1 while the CDR log can be written'],
  ['cdrWaitingFrames', 'tandem_cdr_waiting_frames', 'frames in memory that could not be written'],
  ['cdrWaitingBytes', 'tandem_cdr_waiting_bytes', 'bytes in memory that could not be written'],
  ['cdrUnsyncedFrames', 'tandem_cdr_unsynced_frames', 'frames written since the last sync'],
  ['cdrUnsyncedBytes', 'tandem_cdr_unsynced_bytes', 'bytes written since the last sync'],
  ['cdrOldestMs', 'tandem_cdr_oldest_unsynced_ms', 'age of the oldest frame not synced, ms'],
  ['withheldMessages', 'tandem_withheld_messages', 'messages that wait for the CDR log'],
  ['sendsPending', 'tandem_datagram_sends_pending', 'datagrams the kernel has not taken yet'],
] as const;
export type GaugeName = (typeof gaugeRows)[number][0];
export const Gauge: { readonly [name in GaugeName]: number } = Object.fromEntries(
  gaugeRows.map(([name], slot) => [name, countersMax + slot]),
) as { [name in GaugeName]: number };
export const gaugeTable: readonly { name: GaugeName; metric: string; help: string }[] =
  gaugeRows.map(([name, metric, help]) => ({ name, metric, help }));
export const gaugesMax = 64;
