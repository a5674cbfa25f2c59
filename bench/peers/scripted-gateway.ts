// A carrier's gateway that answers by script: what happens to a call is decided by the called number.
import type { SipCall } from './sip-call.ts';
import type { UserAgent } from './sip-user-agent.ts';

export interface GatewayScript {
  /** Final status; 0: rings until the caller gives up. */
  readonly status: number;
  /** Provisional status sent at once; 0: none. */
  readonly provisional?: number;
  /** Between the provisional and the final response. */
  readonly ringMs?: number;
  /** The gateway hangs up after this long; absent: it waits for the caller. */
  readonly hangUpAfterMs?: number;
}

export interface GatewayCounts {
  offered: number;
  answered: number;
  refused: number;
  cancelled: number;
}

export function runGateway(
  agent: UserAgent,
  scriptOf: (callee: string) => GatewayScript,
): GatewayCounts {
  const counts: GatewayCounts = { offered: 0, answered: 0, refused: 0, cancelled: 0 };
  agent.onCall = (call) => {
    counts.offered++;
    const script = scriptOf(call.callee);
    const { status, provisional = 180, ringMs = 0 } = script;
    if (provisional !== 0) call.reply(provisional);
    void call.ended.then((end) => {
      if (end === 'cancelled') counts.cancelled++;
    });
    if (status === 0) return;
    if (ringMs === 0) finish(agent, call, script, counts);
    else agent.after(ringMs, () => finish(agent, call, script, counts));
  };
  return counts;
}

function finish(
  agent: UserAgent,
  call: SipCall,
  { status, hangUpAfterMs }: GatewayScript,
  counts: GatewayCounts,
): void {
  if (call.isOver) return;
  call.reply(status);
  if (status >= 300) {
    counts.refused++;
    return;
  }
  counts.answered++;
  if (hangUpAfterMs === undefined) return;
  agent.after(hangUpAfterMs, () => {
    if (!call.isOver) void call.hangUp();
  });
}
