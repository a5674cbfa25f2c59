// The part of uWebSockets.js that we use. Declared here because the package is optional: where it is
// left out there are no types to compile against either.

export interface UwsModule {
  App(): UwsApp;
  us_socket_local_port(socket: object): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
}

export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  ws<Data>(pattern: string, behaviour: UwsBehaviour<Data>): UwsApp;
  /** Called with 1 for each connection opened and with -1 for each closed. */
  filter(handler: (response: UwsResponse, change: number) => void): UwsApp;
  listen(
    host: string,
    port: number,
    options: number,
    done: (socket: object | false) => void,
  ): UwsApp;
  close(): UwsApp;
}

export interface UwsRequest {
  getHeader(lowerCaseName: string): string;
  getUrl(): string;
  getQuery(): string | undefined;
  getCaseSensitiveMethod(): string;
  forEach(each: (name: string, value: string) => void): void;
}

export interface UwsResponse {
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  /** False: what was written waits for the client. */
  write(piece: string | Uint8Array): boolean;
  end(body?: string | Uint8Array, closeConnection?: boolean): UwsResponse;
  endWithoutBody(reportedLength?: number, closeConnection?: boolean): UwsResponse;
  close(): UwsResponse;
  cork(write: () => void): UwsResponse;
  onWritable(handler: (offset: number) => boolean): UwsResponse;
  onAborted(handler: () => void): UwsResponse;
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  getRemoteAddressAsText(): ArrayBuffer;
  upgrade<Data>(
    data: Data,
    key: string,
    protocol: string,
    extensions: string,
    context: object,
  ): void;
}

export interface UwsWebSocket<Data> {
  send(message: string, isBinary?: boolean): number;
  end(code?: number, reason?: string): void;
  cork(write: () => void): UwsWebSocket<Data>;
  getUserData(): Data;
}

export interface UwsBehaviour<Data> {
  maxPayloadLength: number;
  idleTimeout: number;
  maxBackpressure: number;
  closeOnBackpressureLimit: boolean;
  sendPingsAutomatically: boolean;
  compression: number;
  upgrade(response: UwsResponse, request: UwsRequest, context: object): void;
  open(client: UwsWebSocket<Data>): void;
  message(client: UwsWebSocket<Data>, message: ArrayBuffer, isBinary: boolean): void;
  close(client: UwsWebSocket<Data>, code: number, reason: ArrayBuffer): void;
}
