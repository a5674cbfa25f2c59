// What the benchmark believes of SIPp's files.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  countedRetransmissions,
  percentile,
  readStatistics,
  successfulAt,
} from '../../../bench/peers/sipp-csv.ts';
import { createPeerFolder, type PeerFolder } from '../../peers/peer-folder.ts';

describe("SIPp's files", () => {
  let folder: PeerFolder;
  const file = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  before(() => {
    folder = createPeerFolder();
  });
  after(() => folder.remove());

  it('reads totals by column name', () => {
    const rows = readStatistics(
      file(
        'stat.csv',
        'CurrentTime;FailedCall(C);TotalCallCreated;CurrentCall;SuccessfulCall(C);Retransmissions(C);\n' +
          '2026-11-21\t01:00:00.5\t100.5;1;30;4;25;2;\n2026-11-21\t01:00:01.5\t101.5;1;50;4;45;3;\n',
      ),
    );
    assert.deepEqual(rows[1], {
      atSeconds: 101.5,
      created: 50,
      successful: 45,
      failed: 1,
      retransmissions: 3,
      currentCalls: 4,
    });
    assert.equal(successfulAt(rows, 101), 35, 'half way between the rows');
    assert.equal(successfulAt(rows, 200), 45, 'after the last row');
  });

  it('refuses a file without the column it needs', () => {
    assert.throws(() => readStatistics(file('bad.csv', 'CurrentTime;\n1;\n')), /TotalCallCreated/);
  });

  it('sums the repeats of every message', () => {
    const counts = file(
      'counts.csv',
      '0_INVITE_Sent;0_INVITE_Retrans;5_BYE_Retrans;\n10;1;2;\n20;3;4;\n',
    );
    assert.equal(countedRetransmissions(counts), 7);
    assert.equal(countedRetransmissions(join(folder.path, 'absent.csv')), 0);
  });

  it('takes percentiles of what is sorted', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    assert.equal(percentile(hundred, 0.5), 50);
    assert.equal(percentile(hundred, 0.99), 99);
    assert.equal(percentile([7], 0.99), 7);
    assert.ok(Number.isNaN(percentile([], 0.5)));
  });
});
