// What a suite may ask of the system it measures, and the ports around it.
import { freePorts } from './free-port.ts';

export interface SystemUnderTest {
  readonly name: string;
  readonly port: number;
  /** All its processes as they are now; [] when calls go straight from SIPp to SIPp. */
  readonly pids: () => number[];
  /** Of the database server that it fills, where it has one: counted apart. */
  readonly databasePids?: () => number[];
  readonly stop: () => Promise<void>;
}

/** Where the caller and the gateways of a run listen; all on 127.0.0.1. */
export interface PeerPorts {
  readonly caller: number;
  /** The delay probe, which places calls beside the caller. */
  readonly probe: number;
  /** Numbers that start with 44. */
  readonly answer: number;
  /** Numbers that start with 45 come here first, then to `answer`. */
  readonly reject: number;
  /** Numbers that start with 46. */
  readonly ring: number;
  /** Numbers that start with 47. */
  readonly reinvite: number;
}

export interface PeerOptions {
  readonly ports: PeerPorts;
  /** For its files. */
  readonly folder: string;
}

export async function choosePorts(): Promise<PeerPorts> {
  const [caller, probe, answer, reject, ring, reinvite] = (await freePorts(6)) as SixPorts;
  return { caller, probe, answer, reject, ring, reinvite };
}

type SixPorts = [number, number, number, number, number, number];

/** No system between caller and gateway: what the generator itself costs and delays. */
export function direct(ports: PeerPorts): SystemUnderTest {
  return {
    name: 'SIPp to SIPp',
    port: ports.answer,
    pids: () => [],
    stop: async () => {},
  };
}
